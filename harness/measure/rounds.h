#pragma once
// Times the cells: rounds in which every cell runs once, comparison by comparison in an order drawn from the seed, so
// that a speed-up is a ratio of neighbours in time.
//
//   time_cells(session);
//
// All ranks start a repetition together; its time is the slowest rank's. A comparison (cells that differ in the method
// alone) stops as one: when the interval of every median is narrow enough, or the rounds or the seconds are spent. One
// transaction per round; the reason for stopping is stored.

#include "harness/measure/session.h"

namespace diffbench::measure {

void time_cells(Session& session);

}  // namespace diffbench::measure
