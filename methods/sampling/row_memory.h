#pragma once
// What a method keeps of each row from evaluation to evaluation, by member: rows may join, leave and change places.
//
//   RowMemory memory;
//   memory.keep(batch.members, {residual});                   // [B, ...] each
//   if (memory.knows(member)) ...
//   const auto& kept = memory.recall(batch.members);          // kept[0]: [B, ...] in the order of this batch
//
// Where the same members come in the same order as last time, nothing is copied or gathered. Not thread-safe.

#include <map>
#include <memory>
#include <vector>

#include "methods/sampling/batch.h"

namespace diffbench {

class RowMemory {
 public:
  bool knows(const Member& member) const { return places_.contains(member); }
  bool knows_all(const std::vector<Member>& members) const;

  // `tensors` [rows, ...] as they are, in place of what was kept of these members
  void keep(const std::vector<Member>& members, std::vector<at::Tensor> tensors);
  // The same, written into what was kept together with other rows: the next recall of all of them copies nothing.
  // Changes tensors that recall has given.
  void update(const std::vector<Member>& members, const std::vector<at::Tensor>& tensors);
  // rows in the order of `members`, who must all be known; valid until the next call of anything here
  const std::vector<at::Tensor>& recall(const std::vector<Member>& members);

  void forget(const std::vector<int64_t>& samples);

 private:
  // rows that were kept together; lives as long as one of them is known
  struct Group {
    std::vector<at::Tensor> tensors;
  };
  struct Place {
    std::shared_ptr<Group> group;
    int64_t row = 0;
  };

  // the group that consists of just these members in this order, or null
  const Group* exactly(const std::vector<Member>& members) const;

  std::map<Member, Place> places_;
};

// of a map by member: both halves of each of these samples
template <typename Map>
void forget_samples(Map& by_member, const std::vector<int64_t>& samples) {
  for (const int64_t sample : samples) {
    by_member.erase({sample, false});
    by_member.erase({sample, true});
  }
}

}  // namespace diffbench
