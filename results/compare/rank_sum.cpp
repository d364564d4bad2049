#include "results/compare/rank_sum.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace diffbench::results {
namespace {

constexpr std::int64_t kExactPairs = 2500;

// How many of the arrangements of two samples have U pairs: the coefficients of the Gaussian binomial, product over i
// of (1 - q^(second + i)) / (1 - q^i).
std::vector<double> arrangements(std::int64_t first, std::int64_t second) {
  const std::int64_t pairs = first * second;
  std::vector<double> count(static_cast<std::size_t>(pairs) + 1, 0.0);
  count[0] = 1;
  for (std::int64_t i = 1; i <= first; ++i) {
    for (std::int64_t u = pairs; u >= second + i; --u) {
      count[static_cast<std::size_t>(u)] -= count[static_cast<std::size_t>(u - second - i)];
    }
    for (std::int64_t u = i; u <= pairs; ++u) {
      count[static_cast<std::size_t>(u)] += count[static_cast<std::size_t>(u - i)];
    }
  }
  return count;
}

}  // namespace

RankSum::RankSum(std::size_t first, std::size_t second)
    : CountDistribution(static_cast<std::int64_t>(first * second),
                        std::sqrt(static_cast<double>(first * second) * static_cast<double>(first + second + 1) / 12)) {
  if (pairs() > 0 && pairs() <= kExactPairs) {
    set_shares(arrangements(static_cast<std::int64_t>(std::min(first, second)),
                            static_cast<std::int64_t>(std::max(first, second))));
  }
}

}  // namespace diffbench::results
