#include "results/compare/rank_sum.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numeric>

namespace diffbench::results {
namespace {

constexpr std::int64_t kExactPairs = 2500;

// How many of the arrangements of two samples have U pairs, as shares of all: the coefficients of the Gaussian
// binomial, product over i of (1 - q^(second + i)) / (1 - q^i).
std::vector<double> shares(std::int64_t first, std::int64_t second) {
  const std::int64_t pairs = first * second;
  std::vector<double> share(static_cast<std::size_t>(pairs) + 1, 0.0);
  share[0] = 1;
  for (std::int64_t i = 1; i <= first; ++i) {
    for (std::int64_t u = pairs; u >= second + i; --u) {
      share[static_cast<std::size_t>(u)] -= share[static_cast<std::size_t>(u - second - i)];
    }
    for (std::int64_t u = i; u <= pairs; ++u) {
      share[static_cast<std::size_t>(u)] += share[static_cast<std::size_t>(u - i)];
    }
  }
  const double all = std::accumulate(share.begin(), share.end(), 0.0);
  std::transform(share.begin(), share.end(), share.begin(), [&](double count) { return std::max(count, 0.0) / all; });
  return share;
}

}  // namespace

RankSum::RankSum(std::size_t first, std::size_t second) {
  const auto m = static_cast<std::int64_t>(first);
  const auto n = static_cast<std::int64_t>(second);
  pairs_ = m * n;
  mean_ = static_cast<double>(pairs_) / 2;
  deviation_ = std::sqrt(static_cast<double>(pairs_) * static_cast<double>(m + n + 1) / 12);
  if (pairs_ > 0 && pairs_ <= kExactPairs) {
    cumulative_ = shares(std::min(m, n), std::max(m, n));
    std::partial_sum(cumulative_.begin(), cumulative_.end(), cumulative_.begin());
  }
}

double RankSum::at_most(std::int64_t pairs) const {
  if (pairs < 0) return 0;
  if (pairs >= pairs_) return 1;
  if (!cumulative_.empty()) return cumulative_[static_cast<std::size_t>(pairs)];
  return boost::math::cdf(boost::math::normal(mean_, deviation_), static_cast<double>(pairs) + 0.5);
}

std::int64_t RankSum::largest_below(double probability) const {
  std::int64_t below = -1;
  for (std::int64_t above = pairs_; above - below > 1;) {
    const std::int64_t middle = below + (above - below) / 2;
    (at_most(middle) <= probability ? below : above) = middle;
  }
  return below;
}

}  // namespace diffbench::results
