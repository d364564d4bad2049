#pragma once
// Between what files hold (data::RawTensor) and what LibTorch computes with (at::Tensor).
//
//   at::Tensor noise = to_tensor(data::read_tensors("noise.safetensors").at("noise"));
//   data::write_safetensors("out.safetensors", {{"samples", to_raw(samples)}});

#include <ATen/core/Tensor.h>

#include "methods/data/raw_tensor.h"

namespace diffbench {

at::ScalarType scalar_type(data::DType dtype);
at::Tensor to_tensor(const data::RawTensor& raw);  // a copy, on the CPU
at::Tensor to_tensor(data::RawTensor&& raw);       // holds the bytes given: large arrays are in memory once
data::RawTensor to_raw(const at::Tensor& tensor);  // a copy; any device, any strides

}  // namespace diffbench
