#pragma once
// A batch whose rows need different treatment: each group runs apart, and the outputs go back to their places.
//
//   at::Tensor eps = predict_in_groups({noisy, clean}, batch,
//       [&](size_t group, const Batch& own) { return networks[group]->predict(own, trace); });

#include <functional>
#include <vector>

#include "methods/sampling/batch.h"

namespace diffbench {

// groups: rows of `batch`, every row in exactly one; empty groups are not run, and one that is the whole batch runs as
// it is
at::Tensor predict_in_groups(const std::vector<std::vector<int64_t>>& groups, const Batch& batch,
                             const std::function<at::Tensor(size_t group, const Batch& own)>& predict);

// {rows for which `wanted` holds, the others}
std::vector<std::vector<int64_t>> split_rows(size_t rows, const std::function<bool(size_t row)>& wanted);

}  // namespace diffbench
