#pragma once
// Times the cells: rounds in which every cell runs once, comparison by comparison in an order drawn from the seed, so
// that a speed-up is a ratio of neighbours in time.
//
//   time_cells(session);
//
// Every round makes samples of its own, the same for all methods, and the trace is summed over all of them: theory and
// time speak of the same samples. A cell is warmed before its first round here (again after a resume). A comparison
// (cells that differ in the method alone) stops as one (stop_rule.h). One transaction per round.

#include "harness/measure/session.h"

namespace diffbench::measure {

void time_cells(Session& session);

}  // namespace diffbench::measure
