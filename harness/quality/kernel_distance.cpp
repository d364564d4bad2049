#include "harness/quality/kernel_distance.h"

#include <ATen/ATen.h>

#include "methods/config/input_error.h"

namespace diffbench::quality {
namespace {

constexpr int64_t kRowsPerBlock = 2048;  // 32 MiB of kernel: next to its product all else is small

// k of every row of a with every row of b
using Kernel = at::Tensor (*)(const at::Tensor& a, const at::Tensor& b);

at::Tensor cubic(const at::Tensor& a, const at::Tensor& b) {
  static const auto kOne = at::ones({1, 1}, at::kDouble);
  return at::addmm(kOne, a, b.t(), 1.0, 1.0 / static_cast<double>(a.size(1))).pow_(3);
}

at::Tensor gaussian(const at::Tensor& a, const at::Tensor& b) {
  constexpr double kSigma = 10.0;
  const auto lengths = a.square().sum(1).unsqueeze(1) + b.square().sum(1);
  return at::addmm(lengths, a, b.t(), 1.0, -2.0).clamp_min_(0.0).mul_(-1 / (2 * kSigma * kSigma)).exp_();
}

struct OwnSums {
  at::Tensor pairs;     // [G, G] of the kernel over pairs of rows, by their groups; a row with itself included
  at::Tensor diagonal;  // [G] of rows with themselves
};

// `groups(first, count)` is [count, G]
template <typename Groups>
OwnSums own_sums(const RowSource& rows, Kernel kernel, const Groups& groups) {
  const auto count = groups(0, 1).size(1);
  OwnSums sums{at::zeros({count, count}, at::kDouble), at::zeros({count}, at::kDouble)};
  for_each_block(rows, kRowsPerBlock, [&](int64_t first, const at::Tensor& a) {
    const auto of_a = groups(first, a.size(0)).t().contiguous();
    for (int64_t other = first; other < rows.count(); other += kRowsPerBlock) {
      const bool is_own = other == first;
      const auto b = is_own ? a : rows.rows(other, std::min(kRowsPerBlock, rows.count() - other)).to(at::kDouble);
      const auto values = kernel(a, b);
      const auto block = of_a.mm(values).mm(groups(other, b.size(0)));
      sums.pairs += is_own ? block : block + block.t();  // the kernel is symmetric
      if (is_own) sums.diagonal += of_a.mv(values.diagonal());
    }
  });
  return sums;
}

at::Tensor cross_sums(const RowSource& rows, const RowSource& reference, Kernel kernel) {  // [G]
  auto sums = at::zeros({kJackknifeGroups}, at::kDouble);
  for_each_block(rows, kRowsPerBlock, [&](int64_t first, const at::Tensor& a) {
    const auto of_a = group_matrix(first, a.size(0)).t();
    for_each_block(reference, kRowsPerBlock,
                   [&](int64_t, const at::Tensor& b) { sums += of_a.mv(kernel(a, b).sum(1)); });
  });
  return sums;
}

// mean of the kernel over a set's pairs, from the sum over all of them and over rows with themselves
double mean_of_pairs(double sum, double diagonal, double count, bool is_unbiased) {
  return is_unbiased ? (sum - diagonal) / (count * (count - 1)) : sum / (count * count);
}

Computed distance(const Evidence& evidence, const char* name, Kernel kernel, bool is_unbiased, double scale) {
  const auto& rows = *evidence.features;
  const auto& real = *evidence.reference->rows;
  const auto width = rows.rows(0, 1).size(1);
  if (real.rows(0, 1).size(1) != width) {
    throw config::InputError("features of different widths: A has " + std::to_string(width) + ", B has " +
                             std::to_string(real.rows(0, 1).size(1)));
  }
  if (rows.count() < 2 || real.count() < 2) {
    throw config::InputError(std::string(name) + ": needs at least 2 rows on each side, got " +
                             std::to_string(rows.count()) + " and " + std::to_string(real.count()));
  }
  const auto real_count = static_cast<double>(real.count());
  const double real_mean =
      evidence.reference
          ->remembered(name,
                       [&] {
                         const auto one = [](int64_t, int64_t count) { return at::ones({count, 1}, at::kDouble); };
                         const auto sums = own_sums(real, kernel, one);
                         return at::scalar_tensor(
                             mean_of_pairs(sums.pairs.sum().item<double>(), sums.diagonal.sum().item<double>(),
                                           real_count, is_unbiased),
                             at::kDouble);
                       })
          .item<double>();
  const auto own = own_sums(rows, kernel, group_matrix);
  const auto cross = cross_sums(rows, real, kernel);
  const auto sizes = group_sizes(rows.count());
  return {.parts = {replicates_of(rows.count(), [&](int64_t group) {
            double sum = own.pairs.sum().item<double>();
            double diagonal = own.diagonal.sum().item<double>();
            double with_real = cross.sum().item<double>();
            auto count = static_cast<double>(rows.count());
            if (group >= 0) {
              sum -= 2 * own.pairs[group].sum().item<double>() - own.pairs[group][group].item<double>();
              diagonal -= own.diagonal[group].item<double>();
              with_real -= cross[group].item<double>();
              count -= static_cast<double>(sizes[static_cast<size_t>(group)]);
            }
            return scale * (mean_of_pairs(sum, diagonal, count, is_unbiased) + real_mean -
                            2 * with_real / (count * real_count));
          })}};
}

}  // namespace

Computed kid_of_all(const Evidence& evidence) { return distance(evidence, "kid", cubic, true, 1.0); }

Computed cmmd(const Evidence& evidence) { return distance(evidence, "cmmd", gaussian, false, 1000.0); }

}  // namespace diffbench::quality
