#include "methods/data/strided_copy.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace diffbench::data {
namespace {

bool is_contiguous(const StridedView& view) {
  int64_t expected = 1;
  for (size_t axis = view.shape.size(); axis-- > 0;) {
    if (view.shape[axis] != 1 && view.strides[axis] != expected) {
      return false;
    }
    expected *= view.shape[axis];
  }
  return true;
}

}  // namespace

std::optional<int64_t> needed_elements(const StridedView& view) {
  if (view.shape.size() != view.strides.size() || view.offset < 0) {
    return std::nullopt;
  }
  int64_t last = view.offset;
  bool empty = false;
  for (size_t axis = 0; axis < view.shape.size(); ++axis) {
    int64_t reach = 0;
    if (view.shape[axis] < 0 || view.strides[axis] < 0) {
      return std::nullopt;
    }
    if (view.shape[axis] == 0) {
      empty = true;
    } else if (__builtin_mul_overflow(view.shape[axis] - 1, view.strides[axis], &reach) ||
               __builtin_add_overflow(last, reach, &last)) {
      return std::nullopt;
    }
  }
  if (empty) {
    return 0;
  }
  return __builtin_add_overflow(last, 1, &last) ? std::nullopt : std::optional(last);
}

std::vector<std::byte> strided_copy(std::span<const std::byte> source, const StridedView& view, size_t element_bytes) {
  const auto& shape = view.shape;
  const int64_t count = std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
  if (count == 0) {
    return {};
  }
  const auto start = source.begin() + view.offset * static_cast<int64_t>(element_bytes);
  if (is_contiguous(view)) {
    return {start, start + count * static_cast<int64_t>(element_bytes)};
  }
  std::vector<std::byte> target(static_cast<size_t>(count) * element_bytes);
  std::vector<int64_t> index(shape.size(), 0);
  int64_t from = 0;
  for (auto to = target.begin(); to != target.end(); to += static_cast<int64_t>(element_bytes)) {
    std::copy_n(start + from * static_cast<int64_t>(element_bytes), element_bytes, to);
    for (size_t axis = shape.size(); axis-- > 0;) {
      from += view.strides[axis];
      if (++index[axis] < shape[axis]) {
        break;
      }
      from -= view.strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return target;
}

}  // namespace diffbench::data
