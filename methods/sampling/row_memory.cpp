#include "methods/sampling/row_memory.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace diffbench {

bool RowMemory::knows_all(const std::vector<Member>& members) const {
  return std::all_of(members.begin(), members.end(), [&](const Member& member) { return knows(member); });
}

void RowMemory::keep(const std::vector<Member>& members, std::vector<at::Tensor> tensors) {
  const auto group = std::make_shared<Group>(Group{std::move(tensors)});
  for (size_t row = 0; row < members.size(); ++row) {
    places_[members[row]] = {group, static_cast<int64_t>(row)};
  }
}

void RowMemory::update(const std::vector<Member>& members, const std::vector<at::Tensor>& tensors) {
  const auto first = places_.find(members.front());
  std::vector<int64_t> rows;
  for (const auto& member : members) {
    const auto place = places_.find(member);
    if (place == places_.end() || place->second.group != first->second.group) {
      keep(members, tensors);
      return;
    }
    rows.push_back(place->second.row);
  }
  const auto& kept = first->second.group->tensors;
  const auto index = row_index(rows, kept.front().device());
  for (size_t i = 0; i < kept.size(); ++i) {
    kept[i].index_copy_(0, index, tensors[i]);
  }
}

const std::vector<at::Tensor>& RowMemory::recall(const std::vector<Member>& members) {
  if (const auto* group = exactly(members)) {
    return group->tensors;
  }
  std::vector<const Group*> groups;  // one after the other, then the rows asked for
  std::vector<int64_t> starts;
  std::vector<int64_t> rows;
  int64_t total = 0;
  for (const auto& member : members) {
    const auto& place = places_.at(member);
    const auto found = std::find(groups.begin(), groups.end(), place.group.get());
    const auto number = static_cast<size_t>(found - groups.begin());
    if (found == groups.end()) {
      groups.push_back(place.group.get());
      starts.push_back(total);
      total += place.group->tensors.front().size(0);
    }
    rows.push_back(starts[number] + place.row);
  }
  const auto index = row_index(rows, groups.front()->tensors.front().device());
  std::vector<at::Tensor> gathered;
  for (size_t i = 0; i < groups.front()->tensors.size(); ++i) {
    std::vector<at::Tensor> parts;
    for (const auto* group : groups) {
      parts.push_back(group->tensors[i]);
    }
    gathered.push_back((parts.size() == 1 ? parts.front() : at::cat(parts)).index_select(0, index));
  }
  keep(members, std::move(gathered));
  return places_.at(members.front()).group->tensors;
}

void RowMemory::forget(const std::vector<int64_t>& samples) { forget_samples(places_, samples); }

const RowMemory::Group* RowMemory::exactly(const std::vector<Member>& members) const {
  const Group* group = nullptr;
  for (size_t row = 0; row < members.size(); ++row) {
    const auto& place = places_.at(members[row]);
    if (place.row != static_cast<int64_t>(row) || (group != nullptr && group != place.group.get())) {
      return nullptr;
    }
    group = place.group.get();
  }
  return group->tensors.front().size(0) == static_cast<int64_t>(members.size()) ? group : nullptr;
}

}  // namespace diffbench
