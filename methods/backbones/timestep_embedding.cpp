#include "methods/backbones/timestep_embedding.h"

#include <ATen/ATen.h>

#include <cmath>

namespace diffbench::backbones {

at::Tensor timestep_embedding(const std::vector<double>& t, int64_t width, const at::TensorOptions& options) {
  const auto dtype = options.dtype() == at::kDouble ? at::kDouble : at::kFloat;
  const auto made = options.dtype(dtype);
  const int64_t half = width / 2;
  const auto frequencies = at::exp(at::arange(half, made) * (-std::log(10000.0) / static_cast<double>(half)));
  const auto times = at::tensor(t, at::TensorOptions(at::kDouble)).to(made);
  const auto angles = times.unsqueeze(1) * frequencies.unsqueeze(0);
  auto embedding = at::cat({at::cos(angles), at::sin(angles)}, 1);
  if (width % 2 == 1) {
    embedding = at::constant_pad_nd(embedding, {0, 1});
  }
  return embedding.to(options);
}

}  // namespace diffbench::backbones
