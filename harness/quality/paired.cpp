#include "harness/quality/paired.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "methods/config/input_error.h"

namespace diffbench::quality {
namespace {

using PerSample = at::Tensor (*)(const at::Tensor& a, const at::Tensor& b);  // float64 [b, ...] twice -> [b]

template <typename OfPair>
Computed mean_of_pairs(const RowsPtr& rows, const RowsPtr& baseline, const OfPair& of_pair) {
  if (rows->count() != baseline->count()) {
    throw config::InputError("paired metrics need the same samples on both sides, got " +
                             std::to_string(rows->count()) + " and " + std::to_string(baseline->count()));
  }
  std::vector<at::Tensor> values;
  constexpr int64_t kRowsPerBlock = 256;
  for_each_block(*rows, kRowsPerBlock, [&](int64_t first, const at::Tensor& a) {
    const auto b = baseline->rows(first, a.size(0)).to(at::kDouble);
    if (a.sizes() != b.sizes()) {
      throw config::InputError("paired metrics need equal shapes on both sides, got " + c10::str(a.sizes()) + " and " +
                               c10::str(b.sizes()));
    }
    values.push_back(of_pair(a, b));
  });
  return {.parts = {mean_replicates(at::cat(values))}};
}

Computed of_images(const Evidence& evidence, PerSample of_pair) {
  return mean_of_pairs(evidence.images, evidence.baseline->images, of_pair);
}

at::Tensor mean_square(const at::Tensor& a, const at::Tensor& b) { return (a - b).square().flatten(1).mean(1); }

std::array<double, kSsimWindow> gaussian_weights() {
  constexpr double kSigma = 1.5;
  std::array<double, kSsimWindow> weights{};
  double sum = 0;
  for (int64_t i = 0; i < kSsimWindow; ++i) {
    const double away = static_cast<double>(i) - static_cast<double>(kSsimWindow - 1) / 2;
    sum += weights[static_cast<size_t>(i)] = std::exp(away * away / (-2 * kSigma * kSigma));
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

// where the window lies inside the images [N, 1, H, W]: along one dimension, then the other, for it is a product
at::Tensor smooth(const at::Tensor& images) {
  static const auto kWeights = gaussian_weights();
  auto result = images;
  for (const int64_t dimension : {2, 3}) {
    const int64_t length = result.size(dimension) - kSsimWindow + 1;
    auto sum = result.narrow(dimension, 0, length) * kWeights[0];
    for (int64_t i = 1; i < kSsimWindow; ++i) {
      sum.add_(result.narrow(dimension, i, length), kWeights[static_cast<size_t>(i)]);
    }
    result = std::move(sum);
  }
  return result;
}

at::Tensor ssim_of(const at::Tensor& a, const at::Tensor& b) {
  if (std::min(a.size(2), a.size(3)) < kSsimWindow) {
    throw config::InputError("ssim: its window is 11 x 11 pixels, the images are " + std::to_string(a.size(2)) + " x " +
                             std::to_string(a.size(3)));
  }
  const auto single = [](const at::Tensor& images) {  // each channel for itself
    return images.reshape({images.size(0) * images.size(1), 1, images.size(2), images.size(3)});
  };
  const auto x = single(a);
  const auto y = single(b);
  const auto mean_x = smooth(x);
  const auto mean_y = smooth(y);
  const auto variance_x = smooth(x * x) - mean_x * mean_x;
  const auto variance_y = smooth(y * y) - mean_y * mean_y;
  const auto covariance = smooth(x * y) - mean_x * mean_y;
  constexpr double kC1 = (0.01 * 255) * (0.01 * 255);
  constexpr double kC2 = (0.03 * 255) * (0.03 * 255);
  const auto map = (2 * mean_x * mean_y + kC1) * (2 * covariance + kC2) /
                   ((mean_x * mean_x + mean_y * mean_y + kC1) * (variance_x + variance_y + kC2));
  return map.flatten(1).mean(1).reshape({a.size(0), a.size(1)}).mean(1);
}

}  // namespace

Computed psnr(const Evidence& evidence) {
  return of_images(evidence, [](const at::Tensor& a, const at::Tensor& b) {
    constexpr double kMost = 100.0;
    return (10 * (255.0 * 255.0 / mean_square(a, b)).log10()).clamp_max(kMost);
  });
}

Computed ssim(const Evidence& evidence) { return of_images(evidence, ssim_of); }

Computed rmse(const Evidence& evidence) {
  return of_images(evidence, [](const at::Tensor& a, const at::Tensor& b) { return mean_square(a, b).sqrt(); });
}

Computed lpips(const Evidence& evidence) {
  const auto scaled = [](const at::Tensor& images) { return (images / 127.5 - 1).to(at::kFloat); };
  return mean_of_pairs(evidence.images, evidence.baseline->images, [&](const at::Tensor& a, const at::Tensor& b) {
    return evidence.lpips(scaled(a), scaled(b)).to(at::kDouble);
  });
}

Computed feature_distance(const Evidence& evidence) {
  return mean_of_pairs(evidence.features, evidence.baseline->features,
                       [](const at::Tensor& a, const at::Tensor& b) { return (a - b).square().sum(1).sqrt(); });
}

Computed label_agreement(const Evidence& evidence) {
  return mean_of_pairs(evidence.logits, evidence.baseline->logits, [](const at::Tensor& a, const at::Tensor& b) {
    return (a.argmax(1) == b.argmax(1)).to(at::kDouble);
  });
}

}  // namespace diffbench::quality
