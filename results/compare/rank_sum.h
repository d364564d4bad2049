#pragma once
// The null distribution of the Mann-Whitney statistic: of two samples that come from one distribution, how often the
// number of pairs (old, new) with new < old is so small.
//
//   const RankSum distribution(12, 12);
//   const double p = distribution.at_most(30);                     // P(U <= 30)
//   const std::int64_t k = distribution.largest_below(0.025);       // the most pairs that are that rare; -1: none
//
// Exact for up to 2,500 pairs (Mann and Whitney, Annals of Mathematical Statistics 18 (1947) 50-60), above that the
// normal distribution with continuity correction. Values without ties. Equal to scipy.stats.mannwhitneyu.

#include <cstddef>
#include <cstdint>

#include "results/compare/count_distribution.h"

namespace diffbench::results {

class RankSum : public CountDistribution {
 public:
  RankSum(std::size_t first, std::size_t second);

  std::int64_t pairs() const { return largest(); }
};

}  // namespace diffbench::results
