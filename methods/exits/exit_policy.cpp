#include "methods/exits/exit_policy.h"

#include <algorithm>

namespace diffbench::exits {

RowMask RowMask::from(std::vector<bool> leaves) {
  const auto count = std::count(leaves.begin(), leaves.end(), true);
  if (count == 0) {
    return none();
  }
  if (count == static_cast<int64_t>(leaves.size())) {
    return all();
  }
  return {Kind::some, std::move(leaves)};
}

at::Tensor ExitPolicy::head(backbones::Backbone& backbone, int, const backbones::Hidden& leavers) {
  return backbone.head(leavers);
}

}  // namespace diffbench::exits
