#pragma once
// Kernel inception distance: the unbiased squared maximum mean discrepancy under the kernel (x.y / D + 1)^3.
//
//   Kid kid = kernel_distance(generated, real);                    // [N, D] each; mean and spread over 100 subsets
//   Kid full = kernel_distance(generated, real, {.subsets = 0});   // one estimate from every row
//
// Unlike the FID it has no bias at small N; it can come out slightly negative. Subsets hold min(subset_size, nA, nB)
// rows of each side, drawn without replacement; the same seed draws the same subsets on every machine. The full
// estimator takes nA and nB as they are. InputError: unequal widths, NaN or infinity, fewer than 2 rows.

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace diffbench::quality {

struct KidOptions {
  int subsets = 100;  // 0: the full estimator
  int64_t subset_size = 1000;
  uint64_t seed = 0;
};

struct Kid {
  double value = 0.0;
  double std = 0.0;  // over subsets, ddof 0; 0 for the full estimator, which has one value
};

Kid kernel_distance(const at::Tensor& generated, const at::Tensor& real, const KidOptions& options = {});

}  // namespace diffbench::quality
