#pragma once
// Inside results/compare only: the null distribution of a count, such as that of a rank test.
//
//   const double p = distribution.at_most(30);                 // P(count <= 30)
//   const std::int64_t k = distribution.largest_below(0.025);   // the largest count that is that rare; -1: none
//
// Exact where `cumulative` is filled, otherwise the normal distribution with continuity correction.

#include <cstdint>
#include <vector>

namespace diffbench::results {

class CountDistribution {
 public:
  double at_most(std::int64_t count) const;
  std::int64_t largest_below(double probability) const;

 protected:
  CountDistribution(std::int64_t largest, double deviation) : largest_(largest), deviation_(deviation) {}
  // how many of all equally likely arrangements have each count
  void set_shares(const std::vector<double>& arrangements);
  std::int64_t largest() const { return largest_; }

 private:
  std::int64_t largest_;
  double deviation_;
  std::vector<double> cumulative_{};  // empty: normal
};

}  // namespace diffbench::results
