#include "harness/quality/input_mode.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>

#include "methods/config/input_error.h"
#include "methods/config/nearest.h"

namespace diffbench::quality {
namespace {

constexpr int64_t kSide = 299;

// before they are resized, as the tools have it: with one channel LibTorch's kernels round otherwise
at::Tensor three_channels(const at::Tensor& images) {
  return images.size(1) == 1 ? images.expand({-1, 3, -1, -1}).contiguous() : images;
}

// one axis of tf.image.resize_bilinear before TensorFlow 2: positions start at the edge, not at half a pixel
at::Tensor tensorflow_bilinear(const at::Tensor& images, int64_t axis) {
  const int64_t size = images.size(axis);
  const auto options = images.options();
  // the scale is rounded to float32 before it is multiplied, as TensorFlow's kernel does
  const auto scale = static_cast<float>(static_cast<double>(size) / kSide);
  const auto position = at::arange(kSide, options) * static_cast<double>(scale);
  const auto below = position.to(at::kLong);
  const auto above = (below + 1).clamp_max(size - 1);
  std::vector<int64_t> along(static_cast<size_t>(images.dim()), 1);
  along[static_cast<size_t>(axis)] = kSide;
  const auto low = images.index_select(axis, below);
  return images.index_select(axis, above).sub_(low).mul_((position - below).view(along)).add_(low);
}

at::Tensor plain(const at::Tensor& images) { return images; }

at::Tensor pytorch_fid(const at::Tensor& images) {
  const auto unit = three_channels(images).to(at::kFloat).div_(255);
  return at::upsample_bilinear2d(unit, {kSide, kSide}, /*align_corners=*/false).mul_(2).sub_(1);
}

// torch-fidelity copies what the evaluator's graph does; dividing by 128 and multiplying by 2^-7 are one
at::Tensor as_tensorflow(const at::Tensor& images) {
  const auto pixels = three_channels(images).to(at::kFloat);
  return tensorflow_bilinear(tensorflow_bilinear(pixels, 3), 2).sub_(128).div_(128);
}

at::Tensor clean_fid(const at::Tensor& images) {
  // LibTorch's antialiased bicubic is Pillow's (support 2 * scale, a = -0.5), whose weights and sums are float64
  const auto pixels = three_channels(images).to(at::kDouble);
  const auto resized = at::_upsample_bicubic2d_aa(pixels, {kSide, kSide}, /*align_corners=*/false).to(at::kFloat);
  return resized.clamp(0, 255).sub_(128).div_(128);
}

constexpr std::array kModes{
    InputMode{.name = "plain",
              .summary = "uint8 images as they are: the network itself resizes and normalises",
              .output = "features; logits and spatial features where it gives them",
              .source = "the zoo's networks; EDM, fid.py; stylegan2-ada-pytorch, metrics",
              .prepared = false,
              .convert = plain},
    InputMode{.name = "pytorch_fid",
              .summary = "[0, 1], bilinear to 299x299 without antialiasing, then 2x - 1",
              .output = "features",
              .source = "pytorch-fid 0.3.0, inception.py",
              .convert = pytorch_fid},
    InputMode{.name = "torch_fidelity",
              .summary = "TensorFlow 1's bilinear to 299x299 on 0..255, then (x - 128) / 128",
              .output = "features; logits without bias for the inception score",
              .source = "torch-fidelity 0.4.0, feature_extractor_inceptionv3.py",
              .convert = as_tensorflow},
    InputMode{.name = "clean_fid",
              .summary = "Pillow's antialiased bicubic to 299x299 in float, clipped to 0..255, then (x - 128) / 128",
              .output = "features",
              .source = "clean-fid 0.1.35, resize.py",
              .convert = clean_fid},
    InputMode{.name = "adm",
              .summary = "TensorFlow 1's bilinear to 299x299 on 0..255, then (x - 128) / 128",
              .output = "features; logits without bias; spatial: 7 channels of mixed_6/conv as [N, H, W, C], for sFID",
              .source = "guided-diffusion, evaluations/evaluator.py and its graph",
              .convert = as_tensorflow},
};

}  // namespace

std::span<const InputMode> input_modes() { return kModes; }

std::vector<std::string> input_mode_names() {
  std::vector<std::string> names;
  for (const auto& mode : kModes) names.emplace_back(mode.name);
  return names;
}

const InputMode& find_input_mode(std::string_view name, const std::string& where) {
  const auto* found = std::ranges::find(kModes, name, &InputMode::name);
  if (found == kModes.end()) {
    throw config::InputError(where + ": " + config::unknown_name("input mode", name, input_mode_names()));
  }
  return *found;
}

std::string ChosenMode::name() const {
  return std::string(input->name) + std::string(in_bf16 ? kBf16Suffix : std::string_view());
}

ChosenMode choose_mode(std::string_view name, const std::string& where) {
  const bool in_bf16 = name.ends_with(kBf16Suffix);
  if (in_bf16) name.remove_suffix(kBf16Suffix.size());
  return {.input = &find_input_mode(name, where), .in_bf16 = in_bf16};
}

}  // namespace diffbench::quality
