#include "harness/quality/jackknife.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

#include "methods/config/input_error.h"

namespace diffbench::quality {
namespace {

std::string rule_text(const Replicates& replicates, const char* what) {
  const auto groups = std::to_string(kJackknifeGroups);
  if (replicates.left_out.empty()) {
    return "none: " + std::to_string(replicates.count()) + " samples, an interval needs " +
           std::to_string(kLeastPerGroup) + " in each of " + groups + " groups";
  }
  return std::string(what) + " over " + groups + " groups of samples, Student t";
}

}  // namespace

int64_t group_of(int64_t sample) {
  // splitmix64 (Steele et al., OOPSLA 2014) of the number of the run of samples
  auto bits = static_cast<uint64_t>(sample / kJackknifeGroups) + 0x9e3779b97f4a7c15U;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9U;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebU;
  const auto turn = static_cast<int64_t>((bits ^ (bits >> 31)) % static_cast<uint64_t>(kJackknifeGroups));
  return (sample + turn) % kJackknifeGroups;
}

int64_t Replicates::count() const { return std::accumulate(sizes.begin(), sizes.end(), int64_t{0}); }

bool Replicates::has_groups() const {
  return !sizes.empty() && *std::min_element(sizes.begin(), sizes.end()) >= kLeastPerGroup;
}

at::Tensor group_matrix(int64_t first, int64_t count) {
  auto matrix = at::zeros({count, kJackknifeGroups}, at::kDouble);
  auto* values = matrix.data_ptr<double>();
  for (int64_t i = 0; i < count; ++i) values[i * kJackknifeGroups + group_of(first + i)] = 1.0;
  return matrix;
}

std::vector<int64_t> group_sizes(int64_t count) {
  std::vector<int64_t> sizes(static_cast<size_t>(kJackknifeGroups));
  for (int64_t i = 0; i < count; ++i) ++sizes[static_cast<size_t>(group_of(i))];
  return sizes;
}

Replicates replicates_of(int64_t count, const std::function<double(int64_t left_out)>& without) {
  Replicates result{.value = without(-1), .sizes = group_sizes(count)};
  if (!result.has_groups()) return result;
  for (int64_t group = 0; group < kJackknifeGroups; ++group) result.left_out.push_back(without(group));
  return result;
}

Replicates mean_replicates(const at::Tensor& values) {
  const auto numbers = values.to(at::kCPU, at::kDouble).contiguous();
  const int64_t count = numbers.size(0);
  const auto sums = group_matrix(0, count).t().mv(numbers);
  const double sum = numbers.sum().item<double>();
  const auto sizes = group_sizes(count);
  return replicates_of(count, [&](int64_t group) {
    if (group < 0) return sum / static_cast<double>(count);
    return (sum - sums[group].item<double>()) / static_cast<double>(count - sizes[static_cast<size_t>(group)]);
  });
}

JackknifeInterval jackknife(double value, std::span<const double> left_out, std::span<const int64_t> sizes,
                            double confidence) {
  const auto groups = static_cast<double>(left_out.size());
  const auto count = static_cast<double>(std::accumulate(sizes.begin(), sizes.end(), int64_t{0}));
  const auto share = [&](size_t g) { return count / static_cast<double>(sizes[g]); };  // h_g
  double corrected = groups * value;
  for (size_t g = 0; g < left_out.size(); ++g) {
    corrected -= (1 - 1 / share(g)) * left_out[g];
  }
  double variance = 0.0;
  for (size_t g = 0; g < left_out.size(); ++g) {
    const double pseudo_value = share(g) * value - (share(g) - 1) * left_out[g];
    variance += (pseudo_value - corrected) * (pseudo_value - corrected) / (share(g) - 1) / groups;
  }
  const boost::math::students_t distribution(groups - 1);
  const double standard_error = std::sqrt(variance);
  const double half_width =
      boost::math::quantile(boost::math::complement(distribution, (1 - confidence) / 2)) * standard_error;
  return {.low = value - half_width,
          .high = value + half_width,
          .standard_error = standard_error,
          .bias = value - corrected};
}

QualityEstimate estimate_of(const Replicates& replicates, Range range, double confidence) {
  QualityEstimate estimate{.value = replicates.value,
                           .rule = rule_text(replicates, "jackknife"),
                           .confidence = confidence,
                           .count = replicates.count()};
  if (!replicates.left_out.empty()) {
    estimate.interval = jackknife(replicates.value, replicates.left_out, replicates.sizes, confidence);
    estimate.interval->low = std::max(range.low, estimate.interval->low);
    estimate.interval->high = std::min(range.high, estimate.interval->high);
  }
  return estimate;
}

QualityEstimate difference_of(const Replicates& method, const Replicates& baseline, double confidence) {
  for (size_t g = 0; g < method.sizes.size(); ++g) {
    if (method.sizes[g] != baseline.sizes[g]) {
      throw config::InputError("a paired difference needs the same samples on both sides, group " + std::to_string(g) +
                               " has " + std::to_string(method.sizes[g]) + " and " + std::to_string(baseline.sizes[g]));
    }
  }
  QualityEstimate estimate{.value = method.value - baseline.value,
                           .rule = rule_text(method, "paired jackknife"),
                           .confidence = confidence,
                           .count = method.count()};
  if (!method.left_out.empty()) {
    std::vector<double> left_out(method.left_out.size());
    std::transform(method.left_out.begin(), method.left_out.end(), baseline.left_out.begin(), left_out.begin(),
                   std::minus<>());
    estimate.interval = jackknife(estimate.value, left_out, method.sizes, confidence);
  }
  return estimate;
}

}  // namespace diffbench::quality
