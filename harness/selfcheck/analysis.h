#pragma once
// What an A/A measurement says of the gate on this machine: how often it would cry wolf, and how small an effect it
// sees.
//
//   std::vector<TwinCell> cells = ...;                   // each round, the same work twice, right after each other
//   const FalseAlarms alarms = false_alarms(cells, 20);
//   const double effect = smallest_effect(cells, rounds_in(300));     // 0.024: 2.4 %
//
// Pure functions over the rules of results/compare.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace diffbench::selfcheck {

struct TwinCell {
  std::string key{};
  std::string baseline_key{};      // empty: it is one
  std::vector<double> first_ns{};  // per sample, by round; which of the two really ran first is random
  std::vector<double> second_ns{};
};

struct FalseAlarms {
  std::int64_t comparisons = 0;   // of equal programs
  std::int64_t regressions = 0;   // that the gate called one
  std::int64_t claims = 0;        // cells x metrics that could have been called
  std::int64_t false_claims = 0;  // faster or slower although nothing changed, the machine's doing included
};

// `compare`: every block of rounds against every later one.
FalseAlarms alarms_of_compare(const std::vector<TwinCell>& cells, int rounds_per_block);
// `ab`: one twin against the other, within blocks of rounds.
FalseAlarms alarms_of_ab(const std::vector<TwinCell>& cells, int rounds_per_block);

// The smallest slowdown of one cell that `ab` calls in 9 of 10 runs of so many rounds, by the default gate: by drawing
// rounds anew from those measured. Empty where none up to a factor of two is.
std::optional<double> smallest_effect(const std::vector<TwinCell>& cells, std::int64_t rounds);

// Spread of the ratio of two neighbours: 1.4826 times the median of absolute deviations of its logarithm, over all
// cells.
double pair_noise(const std::vector<TwinCell>& cells);

}  // namespace diffbench::selfcheck
