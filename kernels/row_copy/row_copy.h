#pragma once
// Rows of several tensors gathered in one call, on the GPU in one launch: the rows of a batch that go on move together
// with everything that waits for them (long skips, caches).
//
//   destination[i] = source[rows[i]]        i < count
//
//   // of 64 rows of x and of a long skip, keep those of `stay`, in place
//   RowCopyArgs args{.tensors = {{x, x, 51 * 128 * sizeof(float)}, {skip, skip, 51 * 128 * sizeof(float)}},
//                    .tensor_count = 2, .rows = stay.data(), .count = 31, .source_rows = 64};
//   row_copy_cpu(args);
//
// Bytes are moved, so any data type will do; rows of a tensor are contiguous and follow one another without gaps.
//
// Order: indices may come in any order, and may repeat a row.
//
// In place: a destination may be its source (the same address) when the indices ascend strictly. The first
// `count` rows are then the chosen ones, and the rows behind them are unspecified. Tensors in place and tensors apart
// may be mixed. Any other overlap of a destination with a source or with another destination is refused.
//
// The CPU version uses the calling thread, and moves rows that are neighbours on both sides as one piece.
//
// Errors: std::invalid_argument when counts, sizes, pointers, the overlap or an index are not as described here, before
// anything is written. Indices on the device cannot be looked at from the host: there an index out of range, or an
// order that does not ascend in place, stops the kernel, and CUDA reports a launch failure at the next synchronisation.

#include <cstdint>

#include "kernels/stream.h"

namespace diffbench::kernels {

constexpr int kMaxRowCopyTensors = 32;

struct RowCopyTensor {
  const void* source;
  void* destination;
  int64_t row_bytes;
};

struct RowCopyArgs {
  RowCopyTensor tensors[kMaxRowCopyTensors];
  int tensor_count;     // 0 .. kMaxRowCopyTensors
  const int64_t* rows;  // [count], 0 .. source_rows - 1; on the device for the CUDA version
  int64_t count;        // rows that are moved: those of a destination
  int64_t source_rows;  // of each source
};

void row_copy_reference(const RowCopyArgs& args);
void row_copy_cpu(const RowCopyArgs& args);
// one launch, asynchronous on `stream`; throws std::runtime_error when the launch fails or the build has no CUDA
void row_copy_cuda(const RowCopyArgs& args, Stream stream);

}  // namespace diffbench::kernels
