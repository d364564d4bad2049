#include "methods/model/tensors.h"

#include <ATen/ATen.h>

#include <cstring>
#include <memory>
#include <stdexcept>

namespace diffbench {
namespace {

struct TypePair {
  data::DType raw;
  at::ScalarType tensor;
};

constexpr TypePair kTypes[] = {
    {data::DType::f64, at::kDouble},    {data::DType::f32, at::kFloat}, {data::DType::f16, at::kHalf},
    {data::DType::bf16, at::kBFloat16}, {data::DType::i64, at::kLong},  {data::DType::i32, at::kInt},
    {data::DType::i16, at::kShort},     {data::DType::i8, at::kChar},   {data::DType::u8, at::kByte},
    {data::DType::boolean, at::kBool},
};

}  // namespace

at::ScalarType scalar_type(data::DType dtype) {
  for (const auto& pair : kTypes) {
    if (pair.raw == dtype) {
      return pair.tensor;
    }
  }
  throw std::logic_error("a DType without an entry in kTypes");
}

at::Tensor to_tensor(const data::RawTensor& raw) {
  auto tensor = at::empty(raw.shape, at::TensorOptions(scalar_type(raw.dtype)));
  if (!raw.bytes.empty()) {
    std::memcpy(tensor.mutable_data_ptr(), raw.bytes.data(), raw.bytes.size());
  }
  return tensor;
}

at::Tensor to_tensor(data::RawTensor&& raw) {
  const auto held = std::make_shared<data::RawTensor>(std::move(raw));
  return at::from_blob(
      held->bytes.data(), held->shape, [held](void*) {}, at::TensorOptions(scalar_type(held->dtype)));
}

data::RawTensor to_raw(const at::Tensor& tensor) {
  const auto host = tensor.detach().to(at::kCPU).contiguous();
  for (const auto& pair : kTypes) {
    if (pair.tensor == host.scalar_type()) {
      auto raw = data::RawTensor::make(pair.raw, host.sizes().vec());
      if (!raw.bytes.empty()) {
        std::memcpy(raw.bytes.data(), host.const_data_ptr(), raw.bytes.size());
      }
      return raw;
    }
  }
  throw std::logic_error("a tensor type that files cannot hold");
}

}  // namespace diffbench
