#pragma once
// The arguments every version of row_copy refuses, in one place.
//
//   check_row_copy(args);          // throws std::invalid_argument with one line; does not read the indices
//   check_row_copy_indices(args);  // the same for the indices, which must lie in the host's memory

#include <stdexcept>
#include <string>

#include "kernels/row_copy/row_copy.h"

namespace diffbench::kernels {

inline void require_row_copy(bool condition, const char* what) {
  if (!condition) {
    throw std::invalid_argument(std::string("row_copy: ") + what);
  }
}

inline bool is_in_place(const RowCopyTensor& tensor) { return tensor.source == tensor.destination; }

inline bool any_in_place(const RowCopyArgs& args) {
  for (int t = 0; t < args.tensor_count; ++t) {
    if (is_in_place(args.tensors[t]) && args.tensors[t].row_bytes > 0) {
      return true;
    }
  }
  return false;
}

inline void check_row_copy(const RowCopyArgs& args) {
  const auto require = require_row_copy;
  require(args.tensor_count >= 0 && args.tensor_count <= kMaxRowCopyTensors, "takes at most 32 tensors");
  require(args.count >= 0 && args.source_rows >= 0, "count and source_rows must not be negative");
  require(args.rows != nullptr || args.count == 0, "the indices are missing");
  const auto disjoint = [](const void* a, int64_t a_bytes, const void* b, int64_t b_bytes) {
    const auto first = reinterpret_cast<uintptr_t>(a);
    const auto second = reinterpret_cast<uintptr_t>(b);
    return first + static_cast<uintptr_t>(a_bytes) <= second || second + static_cast<uintptr_t>(b_bytes) <= first;
  };
  for (int t = 0; t < args.tensor_count; ++t) {
    const RowCopyTensor& tensor = args.tensors[t];
    require(tensor.row_bytes >= 0, "row_bytes must not be negative");
    if (args.count == 0 || tensor.row_bytes == 0) {
      continue;
    }
    require(tensor.source != nullptr && tensor.destination != nullptr, "a tensor is missing");
    const int64_t written = args.count * tensor.row_bytes;
    for (int other = 0; other < args.tensor_count; ++other) {
      const RowCopyTensor& second = args.tensors[other];
      const int64_t read = args.source_rows * second.row_bytes;
      require((other == t && is_in_place(tensor)) || disjoint(tensor.destination, written, second.source, read),
              "a destination overlaps a source without being the same tensor");
      require(other >= t || disjoint(tensor.destination, written, second.destination, args.count * second.row_bytes),
              "two destinations overlap");
    }
  }
}

inline void check_row_copy_indices(const RowCopyArgs& args) {
  const bool ascending = any_in_place(args);
  for (int64_t i = 0; i < args.count; ++i) {
    require_row_copy(args.rows[i] >= 0 && args.rows[i] < args.source_rows, "an index is out of range");
    require_row_copy(!ascending || i == 0 || args.rows[i] > args.rows[i - 1],
                     "in place the indices must ascend strictly");
  }
}

}  // namespace diffbench::kernels
