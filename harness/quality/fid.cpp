#include "harness/quality/fid.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

#include "methods/config/input_error.h"

namespace diffbench::quality {
namespace {

constexpr int64_t kRowsPerBlock = 4096;

FidGroups gathered(const RowSource& rows, const FrechetReference& reference) {
  FidGroups groups(reference.gaussian().mean);
  for (int64_t first = 0; first < rows.count(); first += kRowsPerBlock) {
    groups.add(rows.rows(first, std::min(kRowsPerBlock, rows.count() - first)), first);
  }
  return groups;
}

// the mean over choices of `wanted` of the 20 groups, as far apart as they come
CurvePoint mean_of_choices(const FidGroups& groups, int64_t wanted, int64_t choices,
                           const FrechetReference& reference) {
  CurvePoint mean;
  for (int64_t choice = 0; choice < choices; ++choice) {
    std::vector<int64_t> chosen(static_cast<size_t>(wanted));
    for (int64_t i = 0; i < wanted; ++i) {
      chosen[static_cast<size_t>(i)] = (choice * kJackknifeGroups / choices + i) % kJackknifeGroups;
    }
    const auto point = groups.of(chosen, reference);
    mean.n = std::max(mean.n, point.n);
    mean.value += point.value / static_cast<double>(choices);
  }
  return mean;
}

}  // namespace

FidGroups::FidGroups(const at::Tensor& centre)
    : groups_(static_cast<size_t>(kJackknifeGroups), FeatureStatistics(centre)) {}

void FidGroups::add(const at::Tensor& rows, int64_t first_sample) {
  std::vector<std::vector<int64_t>> members(groups_.size());
  for (int64_t i = 0; i < rows.size(0); ++i) {
    members[static_cast<size_t>(group_of(first_sample + i))].push_back(i);
  }
  for (size_t g = 0; g < groups_.size(); ++g) {
    if (!members[g].empty()) {
      groups_[g].add(rows.index_select(0, at::tensor(members[g], at::TensorOptions(at::kLong)).to(rows.device())));
    }
  }
}

Replicates FidGroups::replicates(const FrechetReference& reference) const {
  Replicates result;
  FeatureStatistics total = groups_.front();
  for (const auto& group : groups_) {
    result.sizes.push_back(group.count());
    if (&group != &groups_.front()) total.merge(group);
  }
  result.value = reference.distance(total.gaussian());
  if (!result.has_groups()) return result;
  for (const auto& group : groups_) {
    auto rest = total;
    rest.remove(group);
    result.left_out.push_back(reference.distance(rest.gaussian()));
  }
  return result;
}

CurvePoint FidGroups::of(std::span<const int64_t> groups, const FrechetReference& reference) const {
  FeatureStatistics sum = groups_[static_cast<size_t>(groups.front())];
  for (const int64_t group : groups.subspan(1)) sum.merge(groups_[static_cast<size_t>(group)]);
  return {.n = sum.count(), .value = reference.distance(sum.gaussian())};
}

Computed fid(const Evidence& evidence) {
  const auto& reference = *evidence.reference->features;
  if (evidence.features) return {.parts = {gathered(*evidence.features, reference).replicates(reference)}};
  // of statistics alone there is nothing to leave out
  return {.parts = {
              {.value = reference.distance(*evidence.statistics), .sizes = {evidence.statistics->count.value_or(0)}}}};
}

Computed sfid(const Evidence& evidence) {
  const auto& reference = *evidence.reference->spatial;
  return {.parts = {gathered(*evidence.spatial, reference).replicates(reference)}};
}

Computed fid_infinity(const Evidence& evidence) {
  const auto& reference = *evidence.reference->features;
  const auto groups = gathered(*evidence.features, reference);
  const auto finite = groups.replicates(reference);
  if (finite.left_out.empty()) {
    throw config::InputError("fid_infinity: needs at least 2 samples in each of 20 groups, got " +
                             std::to_string(finite.count()) + " samples");
  }
  Computed computed;
  for (const auto& [wanted, choices] : {std::pair{5, 4}, std::pair{10, 2}, std::pair{15, 4}}) {
    computed.curve.push_back(mean_of_choices(groups, wanted, choices, reference));
  }
  const auto mean =
      std::accumulate(finite.left_out.begin(), finite.left_out.end(), 0.0) / static_cast<double>(kJackknifeGroups);
  computed.curve.push_back({.n = finite.count() - finite.count() / kJackknifeGroups, .value = mean});
  computed.curve.push_back({.n = finite.count(), .value = finite.value});

  // replicates about J that have the pseudo-values of the FID, and with them its standard error
  const auto share = [&](size_t g) {
    return static_cast<double>(finite.count()) / static_cast<double>(finite.sizes[g]);
  };
  const double corrected = finite.value - jackknife(finite.value, finite.left_out, finite.sizes, 0.95).bias;
  Replicates infinite{.value = corrected, .sizes = finite.sizes};
  for (size_t g = 0; g < finite.left_out.size(); ++g) {
    const double pseudo_value = share(g) * finite.value - (share(g) - 1) * finite.left_out[g];
    infinite.left_out.push_back((share(g) * corrected - pseudo_value) / (share(g) - 1));
  }
  computed.parts.push_back(std::move(infinite));
  return computed;
}

}  // namespace diffbench::quality
