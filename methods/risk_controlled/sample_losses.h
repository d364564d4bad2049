#pragma once
// How much is lost by an early-exit sample against the full network's from the same noise, row by row.
//
//   at::Tensor losses = rmse_distance(unit_pixels(full, image), unit_pixels(early, image));    // [B]
//   at::Tensor gap = right_or_wrong(early_logits, labels) - right_or_wrong(full_logits, labels);
//
// All of it float64 on the CPU. A distance compares two outputs (consistency); a score compares one with its label, and
// the difference of two scores is a performance gap, negative where the early exit is the better one.

#include <ATen/core/Tensor.h>

#include "methods/model/model_file.h"

namespace diffbench::methods::risk_controlled {

// pixels clipped and scaled to [0, 1]
at::Tensor unit_pixels(const at::Tensor& images, const ImageSpec& image);

// of two [B, ...] -> [B] in [0, 1]: root of the mean squared difference of a row
at::Tensor rmse_distance(const at::Tensor& a, const at::Tensor& b);
// |a - b| / (|a| + |b|) of [B, D], in [0, 1]: 0 for equal rows, of zeros too
at::Tensor relative_distance(const at::Tensor& a, const at::Tensor& b);
// of logits [B, K]: 1 where the most likely classes differ, else 0
at::Tensor label_change(const at::Tensor& a, const at::Tensor& b);
// of logits [B, K]: squared distance of the probabilities, in [0, 2]
at::Tensor brier_distance(const at::Tensor& a, const at::Tensor& b);

// of logits [B, K] and labels [B]: 1 where the most likely class is another one, else 0
at::Tensor right_or_wrong(const at::Tensor& logits, const at::Tensor& labels);
// of logits [B, K] and labels [B]: Brier score, in [0, 2]
at::Tensor brier_score(const at::Tensor& logits, const at::Tensor& labels);

}  // namespace diffbench::methods::risk_controlled
