#pragma once
// Inside results/compare only: whose doing a change of speed is, and the reason in words.
//
//   explain_causes(matches, judged, is_paired);
//
// A slower machine moves all cells, a slower method moves one: a cell's time is set beside its speed-up over `full` of
// the same run and beside `full` itself. In runs that took turns the machine is the same for both, so what moves all
// cells is something that they share.

#include <vector>

#include "results/compare/evidence.h"

namespace diffbench::results {

void explain_causes(const std::vector<Match>& matches, std::vector<Judged>& judged, bool is_paired);

}  // namespace diffbench::results
