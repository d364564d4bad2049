#include "harness/quality/kid.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "harness/quality/evidence.h"
#include "harness/quality/feature_statistics.h"
#include "methods/config/input_error.h"

namespace diffbench::quality {
namespace {

constexpr int64_t kRowsPerBlock = 1024;

// sum of the kernel over all pairs of rows, a block of each at a time
double kernel_sum(const at::Tensor& a, const at::Tensor& b) {
  const auto block_of = [](const at::Tensor& rows, int64_t first) {
    return rows.narrow(0, first, std::min(kRowsPerBlock, rows.size(0) - first)).to(at::kDouble);
  };
  double sum = 0.0;
  for (int64_t first = 0; first < a.size(0); first += kRowsPerBlock) {
    const auto of_a = block_of(a, first);
    for (int64_t other = 0; other < b.size(0); other += kRowsPerBlock) {
      const auto kernel = of_a.mm(block_of(b, other).t()).div_(static_cast<double>(a.size(1))).add_(1.0);
      sum += (kernel * kernel).mul_(kernel).sum().item<double>();
    }
  }
  return sum;
}

// the same over pairs of different rows, divided by their number
double mean_over_pairs(const at::Tensor& rows) {
  const double n = static_cast<double>(rows.size(0));
  double diagonal = 0.0;
  for_each_block(*rows_of(rows), kRowsPerBlock, [&](int64_t, const at::Tensor& block) {
    diagonal += (block.square().sum(1) / static_cast<double>(rows.size(1)) + 1.0).pow(3).sum().item<double>();
  });
  return (kernel_sum(rows, rows) - diagonal) / (n * (n - 1));
}

double unbiased_estimate(const at::Tensor& a, const at::Tensor& b) {
  const double pairs = static_cast<double>(a.size(0)) * static_cast<double>(b.size(0));
  return mean_over_pairs(a) + mean_over_pairs(b) - 2 * kernel_sum(a, b) / pairs;
}

// the first `wanted` places of a shuffle; written out because the library's distributions differ between machines
at::Tensor draw(int64_t rows, int64_t wanted, std::mt19937_64& generator) {
  std::vector<int64_t> order(static_cast<size_t>(rows));
  std::iota(order.begin(), order.end(), int64_t{0});
  for (int64_t i = 0; i < wanted; ++i) {
    const auto left = static_cast<uint64_t>(rows - i);  // the modulo's bias is under 2^-40 for any row count here
    std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(i) + generator() % left]);
  }
  order.resize(static_cast<size_t>(wanted));
  return at::tensor(order, at::kLong);
}

}  // namespace

Kid kernel_distance(const at::Tensor& generated, const at::Tensor& real, const KidOptions& options) {
  const auto& a = generated;
  const auto& b = real;
  check_rows(a, "A: features");
  check_rows(b, "B: features");
  if (a.size(1) != b.size(1)) {
    throw config::InputError("features of different widths: A has " + std::to_string(a.size(1)) + ", B has " +
                             std::to_string(b.size(1)));
  }
  const int64_t rows = std::min({options.subset_size, a.size(0), b.size(0)});
  if (rows < 2) {
    throw config::InputError("kid: needs at least 2 rows on each side, got " + std::to_string(a.size(0)) + " and " +
                             std::to_string(b.size(0)));
  }
  if (options.subsets == 0) {
    return {.value = unbiased_estimate(a, b), .std = 0.0};
  }
  std::mt19937_64 generator(options.seed);
  double sum = 0.0;
  std::vector<double> estimates;
  for (int subset = 0; subset < options.subsets; ++subset) {
    const auto rows_a = draw(a.size(0), rows, generator);
    const auto rows_b = draw(b.size(0), rows, generator);
    estimates.push_back(unbiased_estimate(a.index_select(0, rows_a), b.index_select(0, rows_b)));
    sum += estimates.back();
  }
  const double mean = sum / options.subsets;
  double squares = 0.0;
  for (const double estimate : estimates) {
    squares += (estimate - mean) * (estimate - mean);
  }
  return {.value = mean, .std = std::sqrt(squares / options.subsets)};
}

}  // namespace diffbench::quality
