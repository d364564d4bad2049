#include "methods/risk_controlled/sample_losses.h"

#include <ATen/ATen.h>

namespace diffbench::methods::risk_controlled {
namespace {

// the bounds hold by arithmetic but for rounding, hence the clamps below
at::Tensor probabilities(const at::Tensor& logits) { return logits.to(at::kDouble).softmax(1); }

}  // namespace

at::Tensor unit_pixels(const at::Tensor& images, const ImageSpec& image) {
  return ((images.to(at::kDouble) - image.low) / (image.high - image.low)).clamp(0.0, 1.0).cpu();
}

at::Tensor rmse_distance(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).square().flatten(1).mean(1).sqrt();
}

at::Tensor relative_distance(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).norm(2, {1}) / (a.norm(2, {1}) + b.norm(2, {1})).clamp_min(1e-12)).clamp_max(1.0);
}

at::Tensor label_change(const at::Tensor& a, const at::Tensor& b) { return right_or_wrong(a, b.argmax(1)); }

at::Tensor brier_distance(const at::Tensor& a, const at::Tensor& b) {
  return (probabilities(a) - probabilities(b)).square().sum(1).clamp_max(2.0);
}

at::Tensor right_or_wrong(const at::Tensor& logits, const at::Tensor& labels) {
  return logits.argmax(1).ne(labels).to(at::kDouble);
}

at::Tensor brier_score(const at::Tensor& logits, const at::Tensor& labels) {
  return (probabilities(logits) - at::one_hot(labels, logits.size(1)).to(at::kDouble)).square().sum(1).clamp_max(2.0);
}

}  // namespace diffbench::methods::risk_controlled
