#pragma once
// How far samples are from those that every block makes of the same seeds: one number per sample, and their mean.
//
//   psnr              dB of u8 pixels, peak 255; equal images count as 100 dB
//   ssim              Wang et al. 2004: Gaussian window of 11 pixels, sigma 1.5, K1 0.01, K2 0.03, population
//   variances,
//                     where the window lies within the image, mean over channels (scikit-image with
//                     gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255)
//   rmse              of u8 pixels
//   lpips             whatever Evidence::lpips says of the pair in [-1, 1]
//   feature_distance  Euclidean, between feature rows
//   label_agreement   1 where the largest logit is the same
// InputError: unequal shapes or counts, images smaller than SSIM's window.

#include "harness/quality/metrics.h"

namespace diffbench::quality {

Computed psnr(const Evidence& evidence);
inline constexpr int64_t kSsimWindow = 11;  // pixels; smaller images have no SSIM
Computed ssim(const Evidence& evidence);
Computed rmse(const Evidence& evidence);
Computed lpips(const Evidence& evidence);
Computed feature_distance(const Evidence& evidence);
Computed label_agreement(const Evidence& evidence);

}  // namespace diffbench::quality
