#include "methods/sampling/row_groups.h"

#include <ATen/ATen.h>

namespace diffbench {

at::Tensor predict_in_groups(const std::vector<std::vector<int64_t>>& groups, const Batch& batch,
                             const std::function<at::Tensor(size_t group, const Batch& own)>& predict) {
  at::Tensor eps;
  for (size_t group = 0; group < groups.size(); ++group) {
    const auto& rows = groups[group];
    if (rows.size() == batch.t.size()) {
      return predict(group, batch);
    }
    if (rows.empty()) {
      continue;
    }
    const auto own = predict(group, batch.select(rows));
    if (!eps.defined()) {
      eps = at::empty({batch.x.size(0), own.size(1), own.size(2), own.size(3)}, own.options());
    }
    eps.index_copy_(0, row_index(rows, own.device()), own);
  }
  return eps;
}

std::vector<std::vector<int64_t>> split_rows(size_t rows, const std::function<bool(size_t row)>& wanted) {
  std::vector<std::vector<int64_t>> groups(2);
  for (size_t row = 0; row < rows; ++row) {
    groups[wanted(row) ? 0 : 1].push_back(static_cast<int64_t>(row));
  }
  return groups;
}

}  // namespace diffbench
