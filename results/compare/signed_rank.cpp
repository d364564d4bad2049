#include "results/compare/signed_rank.h"

#include <cmath>
#include <vector>

namespace diffbench::results {
namespace {

constexpr std::size_t kExactValues = 50;

std::size_t means_of(std::size_t values) { return values * (values + 1) / 2; }

double deviation(std::size_t values) {
  const auto n = static_cast<double>(values);
  return std::sqrt(n * (n + 1) * (2 * n + 1) / 24);
}

// How many of the 2^n signs give each sum of the ranks 1 to n: the coefficients of the product over i of 1 + q^i.
std::vector<double> arrangements(std::size_t values) {
  std::vector<double> count(means_of(values) + 1, 0.0);
  count[0] = 1;
  for (std::size_t rank = 1; rank <= values; ++rank) {
    for (std::size_t w = means_of(rank); w >= rank; --w) count[w] += count[w - rank];
  }
  return count;
}

}  // namespace

SignedRank::SignedRank(std::size_t values)
    : CountDistribution(static_cast<std::int64_t>(means_of(values)), deviation(values)) {
  if (values > 0 && values <= kExactValues) set_shares(arrangements(values));
}

}  // namespace diffbench::results
