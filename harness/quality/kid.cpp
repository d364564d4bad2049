#include "harness/quality/kid.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "harness/quality/feature_statistics.h"
#include "harness/quality/kernel_distance.h"
#include "methods/config/input_error.h"

namespace diffbench::quality {
namespace {

// one estimate, of every row given
double estimate_of_all(const at::Tensor& generated, const at::Tensor& real) {
  Reference reference;
  reference.rows = rows_of(real);
  return kid_of_all({.features = rows_of(generated), .reference = &reference}).parts.front().value;
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
  check_rows(generated, "A: features");
  check_rows(real, "B: features");
  if (options.subsets == 0) return {.value = estimate_of_all(generated, real), .std = 0.0};
  const int64_t rows = std::min({options.subset_size, generated.size(0), real.size(0)});
  if (rows < 2) {
    throw config::InputError("kid: needs at least 2 rows on each side, got " + std::to_string(generated.size(0)) +
                             " and " + std::to_string(real.size(0)));
  }
  std::mt19937_64 generator(options.seed);
  double sum = 0.0;
  std::vector<double> estimates;
  for (int subset = 0; subset < options.subsets; ++subset) {
    const auto rows_a = draw(generated.size(0), rows, generator);
    const auto rows_b = draw(real.size(0), rows, generator);
    estimates.push_back(estimate_of_all(generated.index_select(0, rows_a), real.index_select(0, rows_b)));
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
