#pragma once
// Unit normals from a counter: out[r][e] is a function of (seed, sample_index[r], draw, e) and of nothing else, so a
// sample's noise is the same for any batch size, rank count, order of work and device.
//
//   std::vector<float> noise(rows * elements);
//   philox_normal_cpu({noise.data(), sample_index.data(), rows, elements, /*seed=*/7, /*draw=*/0});
//
// Generator: Philox4x32-10 (Salmon et al., SC 2011), counter {e / 4, draw, sample low, sample high}, key = seed;
// normals: Box-Muller in float64 with arithmetic that rounds alike everywhere (philox_normal_math.h), then to float32.
// The CPU and the CUDA version give equal bits; the reference goes through libm and agrees to a rounding of float32.

#include <cstdint>

#include "kernels/stream.h"

namespace diffbench::kernels {

struct PhiloxNormalArgs {
  float* out;                   // [rows][row_elements], written
  const int64_t* sample_index;  // [rows]; on the device for the CUDA version
  int64_t rows;
  int64_t row_elements;
  uint64_t seed;
  uint32_t draw;  // 0: the initial noise; 1, 2, ...: the noise of each stochastic step
};

void philox_normal_reference(const PhiloxNormalArgs& args);
void philox_normal_cpu(const PhiloxNormalArgs& args);
// asynchronous on `stream`; throws std::runtime_error when the launch fails or the build has no CUDA
void philox_normal_cuda(const PhiloxNormalArgs& args, Stream stream);

}  // namespace diffbench::kernels
