#pragma once
// Improved precision and recall: fidelity and coverage of a generated set, separately.
//
//   PrecisionRecall pr = precision_recall(generated, real);   // [N, D] each
//
// Each set is covered by balls around its rows, whose radius is the distance to the row's k-th nearest neighbour in the
// same set (itself not counted). Precision is the share of generated rows inside a ball of the real set, recall the
// share of real rows inside a ball of the generated set; a row on the surface is inside. Exact, in float64, in blocks
// of bounded memory; time grows with (nA + nB)^2 D. InputError: unequal widths, NaN or infinity, fewer than k + 1 rows.

#include <ATen/core/Tensor.h>

namespace diffbench::quality {

struct PrecisionRecall {
  double precision = 0.0;
  double recall = 0.0;
};

PrecisionRecall precision_recall(const at::Tensor& generated, const at::Tensor& real, int64_t k = 3);

}  // namespace diffbench::quality
