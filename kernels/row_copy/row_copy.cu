#include <cuda_runtime.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "kernels/row_copy/row_copy.h"
#include "kernels/row_copy/row_copy_check.h"

namespace diffbench::kernels {
namespace {

constexpr int kThreads = 256;
constexpr int kUnroll = 4;            // pieces a thread holds in registers: that many loads are on their way at once
constexpr int64_t kMaxGridX = 4096;   // longer rows: a block strides over its row
constexpr int64_t kMaxGridY = 65535;  // CUDA's limit; more rows: a block strides over rows

// the widest piece, in bytes, that divides both addresses and the row
__host__ __device__ int piece_bytes(const RowCopyTensor& tensor) {
  const auto bits = reinterpret_cast<uintptr_t>(tensor.source) | reinterpret_cast<uintptr_t>(tensor.destination) |
                    static_cast<uintptr_t>(tensor.row_bytes) | uintptr_t{16};
  return static_cast<int>(bits & (~bits + 1));
}

__device__ int64_t index_at(const RowCopyArgs& args, int64_t i) {
  const int64_t row = args.rows[i];
  if (row < 0 || row >= args.source_rows) {
    __trap();  // an address outside the tensor must not be written silently
  }
  return row;
}

// blocks over (chunk of the row, row, tensor)
template <typename Piece>
__device__ void copy_rows(const RowCopyArgs& args, const RowCopyTensor& tensor) {
  const int64_t pieces = tensor.row_bytes / static_cast<int64_t>(sizeof(Piece));
  const int64_t chunk = int64_t{kThreads} * kUnroll;
  for (int64_t row = blockIdx.y; row < args.count; row += gridDim.y) {
    const int64_t index = index_at(args, row);
    const auto* source = static_cast<const Piece*>(tensor.source) + index * pieces;
    auto* destination = static_cast<Piece*>(tensor.destination) + row * pieces;
    for (int64_t first = blockIdx.x * chunk + threadIdx.x; first < pieces; first += gridDim.x * chunk) {
      Piece held[kUnroll];
#pragma unroll
      for (int k = 0; k < kUnroll; ++k) {
        if (first + k * kThreads < pieces) {
          held[k] = source[first + k * kThreads];
        }
      }
#pragma unroll
      for (int k = 0; k < kUnroll; ++k) {
        if (first + k * kThreads < pieces) {
          destination[first + k * kThreads] = held[k];
        }
      }
    }
  }
}

// In place: a thread owns one piece of every row and moves it for all rows in order. Indices ascend, so row i is
// written after everything that reads it, and threads need not wait for each other. Loading a few rows ahead reads
// older values still, which is as right.
template <typename Piece>
__device__ void move_columns(const RowCopyArgs& args, const RowCopyTensor& tensor) {
  const int64_t pieces = tensor.row_bytes / static_cast<int64_t>(sizeof(Piece));
  const auto* source = static_cast<const Piece*>(tensor.source);
  auto* destination = static_cast<Piece*>(tensor.destination);
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t column = blockIdx.x * static_cast<int64_t>(blockDim.x) + threadIdx.x; column < pieces;
       column += stride) {
    int64_t previous = -1;
    for (int64_t begin = 0; begin < args.count; begin += kUnroll) {
      Piece held[kUnroll];
#pragma unroll
      for (int k = 0; k < kUnroll; ++k) {
        if (begin + k < args.count) {
          const int64_t index = index_at(args, begin + k);
          if (index <= previous) {
            __trap();
          }
          previous = index;
          held[k] = source[index * pieces + column];
        }
      }
#pragma unroll
      for (int k = 0; k < kUnroll; ++k) {
        if (begin + k < args.count) {
          destination[(begin + k) * pieces + column] = held[k];
        }
      }
    }
  }
}

template <bool kInPlace, typename Piece>
__device__ void copy_tensor(const RowCopyArgs& args, const RowCopyTensor& tensor) {
  if constexpr (kInPlace) {
    move_columns<Piece>(args, tensor);
  } else {
    copy_rows<Piece>(args, tensor);
  }
}

template <bool kInPlace>
__global__ void row_copy_kernel(const __grid_constant__ RowCopyArgs args) {
  const RowCopyTensor& tensor = args.tensors[blockIdx.z];
  switch (piece_bytes(tensor)) {  // the same for the whole block
    case 16:
      copy_tensor<kInPlace, uint4>(args, tensor);
      break;
    case 8:
      copy_tensor<kInPlace, uint2>(args, tensor);
      break;
    case 4:
      copy_tensor<kInPlace, uint32_t>(args, tensor);
      break;
    case 2:
      copy_tensor<kInPlace, uint16_t>(args, tensor);
      break;
    default:
      copy_tensor<kInPlace, uint8_t>(args, tensor);
      break;
  }
}

}  // namespace

void row_copy_cuda(const RowCopyArgs& args, Stream stream) {
  check_row_copy(args);
  int64_t most_pieces = 0;
  for (int t = 0; t < args.tensor_count; ++t) {
    most_pieces = std::max(most_pieces, args.tensors[t].row_bytes / piece_bytes(args.tensors[t]));
  }
  if (args.count == 0 || most_pieces == 0) {
    return;
  }
  const bool in_place = any_in_place(args);
  const int64_t per_block = in_place ? kThreads : int64_t{kThreads} * kUnroll;
  const dim3 grid(static_cast<unsigned>(std::min((most_pieces + per_block - 1) / per_block, kMaxGridX)),
                  in_place ? 1u : static_cast<unsigned>(std::min(args.count, kMaxGridY)),
                  static_cast<unsigned>(args.tensor_count));
  if (in_place) {
    row_copy_kernel<true><<<grid, kThreads, 0, stream>>>(args);
  } else {
    row_copy_kernel<false><<<grid, kThreads, 0, stream>>>(args);
  }
  const cudaError_t status = cudaGetLastError();
  if (status != cudaSuccess) {
    throw std::runtime_error(std::string("row_copy: launch failed: ") + cudaGetErrorString(status));
  }
}

}  // namespace diffbench::kernels
