#pragma once
// Inside results/compare only: which rows fail the gate, what is excused, and what lies over its budget.
//
//   apply_gate(gate, newer, comparison);

#include "results/compare/verdicts.h"

namespace diffbench::results {

// Marks regressions, adds a row per budget and cell that it is about, and notes what of the gate is out of date.
void apply_gate(const Gate& gate, const MeasuredRun& newer, Comparison& comparison);

}  // namespace diffbench::results
