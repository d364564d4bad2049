#pragma once
// One side of `diffbench fid A B`: whatever a file or folder holds of images, features, logits and statistics.
//
//   SampleSet generated = load_samples("samples.npz");
//   if (generated.images.defined()) { ... extractor.extract(generated.images) ... }
//
//   SampleSet many = load_samples("imagenet/val", Images::kListed);    // 50,000 files, none of them decoded yet
//   for_each_image_block(many, 256, [&](const at::Tensor& images) { statistics.add(extractor.extract(images).features);
//   });
//
// | source          | holds                                                                                        |
// | folder          | images of one size, in sorted order, or one sub-folder per class: methods/data/image_folder.h  |
// | NAME:SPLIT      | a data set by name, fashion_mnist:train                                                      |
// | .npz            | arr_0 (u8 [N, H, W, C]), arr_1 (i64 [N]: labels), mu + sigma (and n), mu_s + sigma_s, features |
// |                 | [N, D], spatial [N, S], logits [N, K], labels (i64 [N]): any of them together                |
// | .safetensors    | samples (real numbers in [-1, 1], [N, C, H, W], made u8), features, spatial, logits, labels  |
// | .pt, .pth       | mu + sigma, as torch-fidelity caches them                                                    |
// Several kinds in one file (the ADM reference files hold arr_0, mu and sigma) are all kept: statistics are then those
// of the whole reference set, of which the images may be a part. InputError, one line with the path: nothing usable in
// it, another shape or type, NaN or infinity.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "harness/quality/feature_statistics.h"
#include "methods/data/image_folder.h"

namespace diffbench::quality {

struct SampleSet {
  std::string file{};
  at::Tensor images{};    // u8 [N, C, H, W], or undefined
  at::Tensor features{};  // [N, D], or undefined
  at::Tensor logits{};    // [N, K], or undefined
  std::optional<Gaussian> statistics{};
  at::Tensor labels{};   // i64 [N], or undefined
  at::Tensor spatial{};  // [N, S] spatial features (sFID), or undefined
  std::optional<Gaussian> spatial_statistics{};
  std::shared_ptr<const data::ImageFolder>
      listed_images{};  // of a folder with Images::kListed; then `images` is undefined
};

// kListed: the images of a folder stay where they are until for_each_image_block wants them
enum class Images { kLoaded, kListed };

SampleSet load_samples(const std::filesystem::path& path, Images images = Images::kLoaded);

int64_t image_count(const SampleSet& set);  // 0 where it holds none

// `use` gets u8 [rows or what is left, C, H, W], in order; while it works, another thread decodes the next block of a
// folder
void for_each_image_block(const SampleSet& set, int64_t rows, const std::function<void(const at::Tensor& images)>& use);

}  // namespace diffbench::quality
