#include "harness/quality/to_bytes.h"

#include <ATen/ATen.h>

#include <stdexcept>

namespace diffbench::quality {

at::Tensor to_bytes(const at::Tensor& samples, const ImageSpec& image, const std::string& name) {
  if (name == "round") return to_uint8(samples, image);
  if (name != "truncate" && name != "edm") throw std::logic_error("to_bytes: " + name);
  const auto scaled = (samples - image.low) / (image.high - image.low) * 255.0;
  return (name == "edm" ? (scaled + 0.5).floor() : scaled.floor()).clamp(0.0, 255.0).to(at::kByte);
}

}  // namespace diffbench::quality
