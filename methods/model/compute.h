#pragma once
// Where and in which number format a network computes.
//
//   Compute compute = resolve_compute("auto", "bf16");    // cuda:0 where there is a device, else cpu
//   network->to(compute.device, compute.network_dtype);
//
// fp32 means fp32: TF32 is off, in convolutions too. fp64 puts state, schedule and output in float64 as well; in every
// other precision the solver's state is float32.

#include <ATen/core/Tensor.h>

#include <string>

namespace diffbench {

struct Compute {
  at::Device device{at::kCPU};
  std::string precision = "fp32";
  at::ScalarType network_dtype = at::kFloat;
  at::ScalarType state_dtype = at::kFloat;

  at::TensorOptions state_options() const { return at::TensorOptions(state_dtype).device(device); }
};

// device: auto | cpu | cuda | cuda:<n>; precision: fp64 | fp32 | bf16 | fp16; InputError otherwise, or when there is no
// such device. Turns TF32 off for the whole process
// and makes the device its current one.
Compute resolve_compute(const std::string& device, const std::string& precision);

bool cuda_is_available();
int cuda_device_count();  // that this process sees; 0 in a build without CUDA

// waits until the device has done everything it was given; returns at once on the CPU
void synchronize(const Compute& compute);

}  // namespace diffbench
