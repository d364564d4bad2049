#pragma once
// Rows of several tensors gathered or scattered in one call, on the GPU in one launch: the rows of a batch that go on
// move together with everything that waits for them (long skips, caches), and results return to their places.
//
//   gather:   destination[i] = source[rows[i]]         scatter:  destination[rows[i]] = source[i]        i < count
//
//   // of 64 rows of x and of a long skip, keep those of `stay`, in place
//   RowCopyArgs args{.tensors = {{x, x, 51 * 128 * sizeof(float)}, {skip, skip, 51 * 128 * sizeof(float)}},
//                    .tensor_count = 2, .mode = RowCopyMode::kGather, .rows = stay.data(), .count = 31,
//                    .indexed_rows = 64};
//   row_copy_cpu(args);
//
// Bytes are moved, so any data type will do; rows of a tensor are contiguous and follow one another without gaps.
// The indexed side (a gather's source, a scatter's destination) has `indexed_rows` rows, the other side `count`.
//
// Order: indices may come in any order. A gather may repeat a row. A scatter leaves rows without an index as they are;
// its indices must differ (else the reference and the CPU version keep the last, and the CUDA version may mix rows).
//
// In place: a gather's destination may be its source (the same address) when the indices ascend strictly. The first
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

enum class RowCopyMode { kGather, kScatter };

struct RowCopyTensor {
  const void* source;
  void* destination;
  int64_t row_bytes;
};

struct RowCopyArgs {
  RowCopyTensor tensors[kMaxRowCopyTensors];
  int tensor_count;  // 0 .. kMaxRowCopyTensors
  RowCopyMode mode;
  const int64_t* rows;   // [count], 0 .. indexed_rows - 1; on the device for the CUDA version
  int64_t count;         // rows that are moved
  int64_t indexed_rows;  // rows on the side that the indices refer to
};

void row_copy_reference(const RowCopyArgs& args);
void row_copy_cpu(const RowCopyArgs& args);
// one launch, asynchronous on `stream`; throws std::runtime_error when the launch fails or the build has no CUDA
void row_copy_cuda(const RowCopyArgs& args, Stream stream);

}  // namespace diffbench::kernels
