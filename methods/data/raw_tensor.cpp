#include "methods/data/raw_tensor.h"

#include <functional>
#include <numeric>
#include <stdexcept>

namespace diffbench::data {
namespace {

struct DTypeInfo {
  DType dtype;
  const char* name;
  size_t size_bytes;
};

constexpr DTypeInfo kDTypes[] = {
    {DType::f64, "F64", 8}, {DType::f32, "F32", 4},      {DType::f16, "F16", 2}, {DType::bf16, "BF16", 2},
    {DType::i64, "I64", 8}, {DType::i32, "I32", 4},      {DType::i16, "I16", 2}, {DType::i8, "I8", 1},
    {DType::u8, "U8", 1},   {DType::boolean, "BOOL", 1},
};

const DTypeInfo& info(DType dtype) {
  for (const auto& entry : kDTypes) {
    if (entry.dtype == dtype) {
      return entry;
    }
  }
  throw std::logic_error("a DType without an entry in kDTypes");
}

}  // namespace

size_t size_bytes(DType dtype) { return info(dtype).size_bytes; }

const char* dtype_name(DType dtype) { return info(dtype).name; }

RawTensor RawTensor::make(DType dtype, std::vector<int64_t> shape) {
  RawTensor tensor{dtype, std::move(shape), {}};
  tensor.bytes.resize(static_cast<size_t>(tensor.element_count()) * size_bytes(dtype));
  return tensor;
}

int64_t RawTensor::element_count() const {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

std::string RawTensor::shape_text() const {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  }
  return text + "]";
}

}  // namespace diffbench::data
