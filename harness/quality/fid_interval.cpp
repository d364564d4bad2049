#include "harness/quality/fid_interval.h"
#include <ATen/ATen.h>
#include <algorithm>
#include "methods/config/input_error.h"
namespace diffbench::quality {
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

FidReplicates FidGroups::replicates(const FrechetReference& reference) const {
  FidReplicates result;
  FeatureStatistics total = groups_.front();
  for (const auto& group : groups_) {
    result.sizes.push_back(group.count());
    if (&group != &groups_.front()) {
      total.merge(group);
    }
  }
  result.value = reference.distance(total.gaussian());
  if (*std::min_element(result.sizes.begin(), result.sizes.end()) < kLeastPerGroup) {
    return result;
  }
  for (const auto& group : groups_) {
    auto rest = total;
    rest.remove(group);
    result.left_out.push_back(reference.distance(rest.gaussian()));
  }
  return result;
}

}
