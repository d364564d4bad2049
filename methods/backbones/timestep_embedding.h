#pragma once
// The sinusoidal embedding of time that U-ViT and DiT share (Vaswani et al., arXiv 1706.03762, cosines first as in
// GLIDE).
//
//   at::Tensor embedding = timestep_embedding({0.0, 499.25}, 256, weight.options());   // [2, 256]
//
// cos then sin of t * 10000^(-i / half), as [rows, width] in `options`' dtype (fp64 stays fp64, everything else is made
// in fp32 as upstream does); an odd width ends in a zero. t: what the network is told (time_input.h), on the host.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace diffbench::backbones {

at::Tensor timestep_embedding(const std::vector<double>& t, int64_t width, const at::TensorOptions& options);

}  // namespace diffbench::backbones
