#pragma once
// Inception score: how sure a classifier is of each sample, and how evenly the samples spread over the classes.
//
//   InceptionScore score = inception_score(logits);   // [N, K], before the softmax
//
// exp(mean KL(p(y|x) || p(y))) in each of 10 contiguous parts of the rows as they come (not shuffled); value and std
// (ddof 0) are over the parts. Part i is rows floor(i N / 10) up to floor((i + 1) N / 10). InputError: NaN or infinity,
// fewer rows than parts.

#include <ATen/core/Tensor.h>

namespace diffbench::quality {

struct InceptionScore {
  double value = 0.0;
  double std = 0.0;
};

InceptionScore inception_score(const at::Tensor& logits, int64_t parts = 10);

}  // namespace diffbench::quality
