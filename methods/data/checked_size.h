#pragma once
// Sizes that come out of files: the product of a shape, refused where it does not fit.
//
//   std::optional<size_t> bytes = checked_size_bytes(DType::f32, {16, 1, 28, 28});   // 50176

#include <optional>
#include <span>

#include "methods/data/raw_tensor.h"

namespace diffbench::data {

// bytes of a contiguous tensor; nothing if a dimension is negative or the product leaves int64
inline std::optional<size_t> checked_size_bytes(DType dtype, std::span<const int64_t> shape) {
  auto total = static_cast<int64_t>(size_bytes(dtype));
  bool empty = false;
  for (const int64_t dimension : shape) {
    if (dimension < 0) {
      return std::nullopt;
    }
    if (dimension == 0) {
      empty = true;  // the rest must still be a sane shape
    } else if (__builtin_mul_overflow(total, dimension, &total)) {
      return std::nullopt;
    }
  }
  return empty ? 0 : static_cast<size_t>(total);
}

}  // namespace diffbench::data
