#pragma once
// Inside results/compare only: the contrasts of all cells and metrics, and what they claim at Holm's levels. Causes and
// gate come after.
//
//   for (Judged& one : judge(matches, run_differences(older, newer), gate, false)) ...

#include <string_view>
#include <vector>

#include "results/compare/matching.h"
#include "results/compare/verdicts.h"

namespace diffbench::results {

struct Judged {
  std::size_t match = 0;                   // whose cell
  const ComparedMetric* metric = nullptr;  // null: the cell as a whole
  ContrastPtr contrast{};                  // null: not comparable
  double level = 0.05;                     // alpha of its interval
  VerdictRow row{};
};

// Every metric that both runs have of a cell, with its verdict; cells and metrics that cannot be compared, with why.
// They point into `metrics`.
std::vector<Judged> judge(const std::vector<Match>& matches, const std::vector<ComparedMetric>& metrics,
                          const std::vector<Difference>& differences, const Gate& gate, bool is_paired);

// how many of them share the family's error
std::int64_t family_size(const std::vector<Judged>& judged, double alpha, bool is_paired);

// "3.1 % [2.4, 3.9]" of a ratio; "+0.4 [0.1, 0.7]" of a difference
std::string effect_words(const VerdictRow& row);

}  // namespace diffbench::results
