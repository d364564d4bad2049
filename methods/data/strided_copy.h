#pragma once
// Gathers a strided view into C order.
//
//   std::vector<std::byte> rows = strided_copy(bytes, {{3, 2}, {1, 3}, 0}, sizeof(float));   // a transposed 2 x 3

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace diffbench::data {

struct StridedView {
  std::vector<int64_t> shape;    // not negative
  std::vector<int64_t> strides;  // in elements, not negative, one per dimension
  int64_t offset = 0;            // in elements
};

// elements that `source` must have for the view to lie inside it; nothing if a number is negative or overflows
std::optional<int64_t> needed_elements(const StridedView& view);

// the caller has checked needed_elements and that the shape's product is sane
std::vector<std::byte> strided_copy(std::span<const std::byte> source, const StridedView& view, size_t element_bytes);

}  // namespace diffbench::data
