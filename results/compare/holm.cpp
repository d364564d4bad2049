#include "results/compare/holm.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace diffbench::results {

std::vector<double> holm_levels(std::span<const double> p_values, double alpha) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return p_values[a] < p_values[b]; });
  std::vector<double> levels(p_values.size());
  std::size_t claimed = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    levels[order[k]] = alpha / static_cast<double>(order.size() - claimed);
    const bool stands = claimed == k && p_values[order[k]] <= levels[order[k]];
    claimed += stands ? 1 : 0;
  }
  return levels;
}

}  // namespace diffbench::results
