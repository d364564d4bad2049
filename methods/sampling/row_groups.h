#pragma once
// A batch whose rows need different treatment: each group runs apart, and the outputs go back to their places.
//
//   at::Tensor eps = predict_in_groups({noisy, clean}, {x, t, labels},
//       [&](size_t group, const Batch& own) { return networks[group]->predict(own.x, own.t, own.labels, trace); });

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace diffbench {

// what a Denoiser is asked about
struct Batch {
  at::Tensor x;           // [B,C,H,W]
  std::vector<double> t;  // [B]
  at::Tensor labels;      // [B] int64 or undefined

  Batch select(const std::vector<int64_t>& rows) const;
};

// groups: rows of `batch`, every row in exactly one; empty groups are not run
at::Tensor predict_in_groups(const std::vector<std::vector<int64_t>>& groups, const Batch& batch,
                             const std::function<at::Tensor(size_t group, const Batch& own)>& predict);

// {rows for which `wanted` holds, the others}
std::vector<std::vector<int64_t>> split_rows(size_t rows, const std::function<bool(size_t row)>& wanted);

}  // namespace diffbench
