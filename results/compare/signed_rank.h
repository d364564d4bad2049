#pragma once
// The null distribution of Wilcoxon's signed rank statistic: of values that scatter alike on both sides of zero, how
// often so few of their means in pairs (each value with itself too) lie below it.
//
//   const SignedRank distribution(40);
//   const double p = distribution.at_most(250);                    // P(W <= 250)
//   const std::int64_t k = distribution.largest_below(0.025);       // the most means that are that rare; -1: none
//
// Exact for up to 50 values (Wilcoxon, Biometrics Bulletin 1 (1945) 80-83), above that the normal distribution with
// continuity correction, whose tails are the heavier ones. Values without ties. Equal to scipy.stats.wilcoxon.

#include <cstddef>
#include <cstdint>

#include "results/compare/count_distribution.h"

namespace diffbench::results {

class SignedRank : public CountDistribution {
 public:
  explicit SignedRank(std::size_t values);

  std::int64_t means() const { return largest(); }
};

}  // namespace diffbench::results
