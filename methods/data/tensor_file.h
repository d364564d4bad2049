#pragma once
// Named tensors from any file format that holds them, and the checks that every reader of such files needs.
//
//   NamedTensors file = read_tensors("noise.safetensors");           // .safetensors .npz .pth .pt
//   const RawTensor& noise = require(file, "noise.safetensors", "noise", DType::f32, {-1, 1, 28, 28});
//
// Every failure is an InputError of one line that names file and tensor.

#include <filesystem>
#include <string>
#include <vector>

#include "methods/data/raw_tensor.h"

namespace diffbench::data {

// chooses the format by the extension; an unknown one is an error that lists the known ones
NamedTensors read_tensors(const std::filesystem::path& path);

// The tensor `name`, which must have this type and this shape; kAnySize (-1) in `shape` matches every size. `file` is
// what the message calls the source. The reference lives as long as `tensors`.
inline constexpr int64_t kAnySize = -1;
const RawTensor& require(const NamedTensors& tensors, const std::string& file, const std::string& name, DType dtype,
                         const std::vector<int64_t>& shape);

}  // namespace diffbench::data
