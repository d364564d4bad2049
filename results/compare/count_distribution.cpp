#include "results/compare/count_distribution.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <numeric>

namespace diffbench::results {

void CountDistribution::set_shares(const std::vector<double>& arrangements) {
  const double all = std::accumulate(arrangements.begin(), arrangements.end(), 0.0);
  double sum = 0;
  for (const double count : arrangements) cumulative_.push_back(sum += std::max(count, 0.0) / all);
}

double CountDistribution::at_most(std::int64_t count) const {
  if (count < 0) return 0;
  if (count >= largest_) return 1;
  if (!cumulative_.empty()) return cumulative_[static_cast<std::size_t>(count)];
  const double mean = static_cast<double>(largest_) / 2;
  return boost::math::cdf(boost::math::normal(mean, deviation_), static_cast<double>(count) + 0.5);
}

std::int64_t CountDistribution::largest_below(double probability) const {
  std::int64_t below = -1;
  for (std::int64_t above = largest_; above - below > 1;) {
    const std::int64_t middle = below + (above - below) / 2;
    (at_most(middle) <= probability ? below : above) = middle;
  }
  return below;
}

}  // namespace diffbench::results
