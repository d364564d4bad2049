#pragma once
// One side of `diffbench fid A B`: whatever a file or folder holds of images, features, logits and statistics.
//
//   SampleSet generated = load_samples("samples.npz");
//   if (generated.images.defined()) { ... extractor.extract(generated.images) ... }
//
// | source        | holds                                                                                             |
// | folder        | PNG images of one size, in sorted order; sub-folders allowed                                      |
// | .npz          | arr_0 (u8 [N, H, W, C]), mu + sigma (and n), features [N, D], logits [N, K]: any of them together |
// | .safetensors  | samples (real numbers in [-1, 1], [N, C, H, W], made u8), features, logits                        |
// Several kinds in one file (the ADM reference files hold arr_0, mu and sigma) are all kept: statistics are then those
// of the whole reference set, of which the images may be a part. InputError, one line with the path: nothing usable in
// it, another shape or type, NaN or infinity.

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <optional>
#include <string>

#include "harness/quality/feature_statistics.h"

namespace diffbench::quality {

struct SampleSet {
  std::string file{};
  at::Tensor images{};    // u8 [N, C, H, W], or undefined
  at::Tensor features{};  // [N, D], or undefined
  at::Tensor logits{};    // [N, K], or undefined
  std::optional<Gaussian> statistics{};
};

SampleSet load_samples(const std::filesystem::path& path);

}  // namespace diffbench::quality
