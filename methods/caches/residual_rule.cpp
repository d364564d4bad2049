#include "methods/caches/residual_rule.h"

#include <ATen/core/Tensor.h>

namespace diffbench::caches {

std::vector<bool> ResidualRule::wants_reuse(const Seen& seen) {
  const auto& members = seen.batch.members;
  const auto change = change_since(changes_, members, seen.change, options_.by_row);
  std::vector<bool> wants;
  for (size_t row = 0; row < members.size(); ++row) {
    const auto place = seen.times.place(seen.batch.t[row]);
    const auto& count = reuses_[members[row]];
    const bool spent = (options_.max_reuses > 0 && count.in_all >= options_.max_reuses) ||
                       (options_.max_in_a_row > 0 && count.in_a_row >= options_.max_in_a_row);
    const auto& compute = options_.compute;
    const bool masked = place < static_cast<int64_t>(compute.size());
    if (place < options_.warmup || (masked && compute[static_cast<size_t>(place)])) {
      wants.push_back(false);
    } else if (masked && options_.reuses_unasked) {
      wants.push_back(true);
    } else {
      wants.push_back(!spent && change[row] < options_.threshold);
    }
  }
  return wants;
}

void ResidualRule::decided(const Seen& seen, const std::vector<bool>& reused) {
  const auto& members = seen.batch.members;
  keep_rows(changes_, members, computing_rows(reused), seen.change);
  for (size_t row = 0; row < members.size(); ++row) {
    auto& count = reuses_[members[row]];
    count.in_all += reused[row] ? 1 : 0;
    count.in_a_row = reused[row] ? count.in_a_row + 1 : 0;
  }
}

void ResidualRule::forget(const std::vector<int64_t>& samples) {
  changes_.forget(samples);
  forget_samples(reuses_, samples);
}

}  // namespace diffbench::caches
