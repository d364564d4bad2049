#pragma once
// A tensor as files hold it: a type, a shape and C-ordered little-endian bytes, with no framework behind it.
//
//   RawTensor noise = RawTensor::make(DType::f32, {16, 1, 28, 28});
//   std::span<float> values = noise.as<float>();
//   NamedTensors file{{"noise", std::move(noise)}};
//
// methods/model/tensors.h turns it into an at::Tensor.

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace diffbench::data {

enum class DType { f64, f32, f16, bf16, i64, i32, i16, i8, u8, boolean };

size_t size_bytes(DType dtype);
const char* dtype_name(DType dtype);  // "F64", "BF16", "U8", "BOOL": the safetensors names

struct RawTensor {
  DType dtype = DType::f32;
  std::vector<int64_t> shape;
  std::vector<std::byte> bytes;

  static RawTensor make(DType dtype, std::vector<int64_t> shape);  // zero-filled

  int64_t element_count() const;
  std::string shape_text() const;  // "[16, 1, 28, 28]"

  // views the bytes as T; the caller has checked dtype
  template <typename T>
  std::span<T> as() {
    return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
  template <typename T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
};

using NamedTensors = std::map<std::string, RawTensor>;

}  // namespace diffbench::data
