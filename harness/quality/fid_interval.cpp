#include "harness/quality/fid_interval.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

#include "methods/config/input_error.h"

namespace diffbench::quality {
namespace {

struct Replicates {
  double value = 0.0;
  std::vector<double> left_out;
};

Replicates replicate(std::span<const FeatureStatistics> groups, const FrechetReference& reference) {
  if (groups.size() < 2) {
    throw config::InputError("a jackknife needs at least 2 groups, got " + std::to_string(groups.size()));
  }
  FeatureStatistics total = groups.front();
  for (const auto& group : groups.subspan(1)) {
    total.merge(group);
  }
  Replicates result;
  result.value = reference.distance(total.gaussian());
  for (size_t g = 0; g < groups.size(); ++g) {
    if (groups[g].count() == 0) {
      throw config::InputError("a jackknife needs a sample in every group, group " + std::to_string(g) + " has none");
    }
    auto rest = total;
    rest.remove(groups[g]);
    result.left_out.push_back(reference.distance(rest.gaussian()));
  }
  return result;
}

}  // namespace

int64_t group_of(int64_t sample, int64_t group_count) {
  // splitmix64 (Steele et al., OOPSLA 2014) of the number of the run of group_count samples
  auto bits = static_cast<uint64_t>(sample / group_count) + 0x9e3779b97f4a7c15U;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9U;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebU;
  const auto turn = static_cast<int64_t>((bits ^ (bits >> 31)) % static_cast<uint64_t>(group_count));
  return (sample + turn) % group_count;
}

void add_to_groups(std::span<FeatureStatistics> groups, const at::Tensor& rows, int64_t first_sample) {
  const auto group_count = static_cast<int64_t>(groups.size());
  std::vector<std::vector<int64_t>> members(groups.size());
  for (int64_t i = 0; i < rows.size(0); ++i) {
    members[static_cast<size_t>(group_of(first_sample + i, group_count))].push_back(i);
  }
  for (size_t g = 0; g < groups.size(); ++g) {
    if (!members[g].empty()) {
      groups[g].add(rows.index_select(0, at::tensor(members[g], at::TensorOptions(at::kLong)).to(rows.device())));
    }
  }
}

JackknifeEstimate jackknife(double value, std::span<const double> left_out, double confidence) {
  const double groups = static_cast<double>(left_out.size());
  const double mean = std::accumulate(left_out.begin(), left_out.end(), 0.0) / groups;
  double squares = 0.0;
  for (const double replicate_value : left_out) {
    squares += (replicate_value - mean) * (replicate_value - mean);
  }
  JackknifeEstimate estimate{.value = value};
  estimate.standard_error = std::sqrt((groups - 1) / groups * squares);
  estimate.bias = (groups - 1) * (mean - value);
  const boost::math::students_t distribution(groups - 1);
  const double half_width =
      boost::math::quantile(boost::math::complement(distribution, (1 - confidence) / 2)) * estimate.standard_error;
  estimate.low = value - half_width;
  estimate.high = value + half_width;
  return estimate;
}

JackknifeEstimate fid_interval(std::span<const FeatureStatistics> groups, const FrechetReference& reference,
                               double confidence) {
  const auto replicates = replicate(groups, reference);
  auto estimate = jackknife(replicates.value, replicates.left_out, confidence);
  estimate.low = std::max(0.0, estimate.low);
  return estimate;
}

JackknifeEstimate fid_difference(std::span<const FeatureStatistics> method, std::span<const FeatureStatistics> baseline,
                                 const FrechetReference& reference, double confidence) {
  if (method.size() != baseline.size()) {
    throw config::InputError("a paired difference needs the same groups on both sides, got " +
                             std::to_string(method.size()) + " and " + std::to_string(baseline.size()));
  }
  for (size_t g = 0; g < method.size(); ++g) {
    if (method[g].count() != baseline[g].count()) {
      throw config::InputError("a paired difference needs the same samples on both sides, group " + std::to_string(g) +
                               " has " + std::to_string(method[g].count()) + " and " +
                               std::to_string(baseline[g].count()));
    }
  }
  auto ours = replicate(method, reference);
  const auto theirs = replicate(baseline, reference);
  for (size_t g = 0; g < ours.left_out.size(); ++g) {
    ours.left_out[g] -= theirs.left_out[g];
  }
  return jackknife(ours.value - theirs.value, ours.left_out, confidence);
}

}  // namespace diffbench::quality
