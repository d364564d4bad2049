#pragma once
// How samples become the bytes that are judged: a value's identity, since papers differ in it.
//
//   at::Tensor bytes = to_bytes(samples, model.image, "round");       // u8, of the same shape and on the same device
//
// | round    | round((x - low) / (high - low) * 255), halves to even: what `sample` writes            |
// | truncate | the same without rounding: what comes after the point is dropped                        |
// | edm      | floor(x * 127.5 + 128) of x in [-1, 1]: EDM's fid.py and generate.py; halves go up      |
// All are clipped to 0..255.

#include <ATen/core/Tensor.h>

#include <string>

#include "methods/model/model.h"

namespace diffbench::quality {

// name: one of the above, or a std::logic_error
at::Tensor to_bytes(const at::Tensor& samples, const ImageSpec& image, const std::string& name);

}  // namespace diffbench::quality
