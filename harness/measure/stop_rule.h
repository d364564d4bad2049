#pragma once
// When a comparison has been measured enough. Pure.
//
//   std::string reason = reason_to_stop(suite.timing, rounds, seconds_spent, {durations_of_full, durations_of_method});
//   if (!reason.empty()) store.set_cell_stop(cell, reason);

#include <span>
#include <string>
#include <vector>

#include "harness/suite/suite.h"

namespace diffbench::measure {

// "max_rounds", "max_seconds" or "target_half_width" (the interval of every cell's median is narrow enough); empty
// while the comparison has to go on. `durations`: per cell of the comparison, those that count.
std::string reason_to_stop(const suite::TimingOptions& timing, int rounds, double seconds_spent,
                           std::span<const std::vector<double>> durations);

}  // namespace diffbench::measure
