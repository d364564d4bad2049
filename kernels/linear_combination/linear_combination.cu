#include <cuda_runtime.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "kernels/linear_combination/linear_combination.h"
#include "kernels/linear_combination/linear_combination_check.h"

namespace diffbench::kernels {
namespace {

constexpr int kThreads = 256;         // at least a table: each thread loads one coefficient
constexpr int64_t kMaxGridX = 4096;   // longer rows: a thread strides over its row
constexpr int64_t kMaxGridY = 65535;  // CUDA's limit; more rows: a block strides over rows

template <typename T>
struct Table {
  T coefficients[kMaxLinearCombinationOutputs * kMaxLinearCombinationSources];
};

// A table that all rows share travels with the launch (`common`): nothing to copy, nothing to keep alive. The loops
// over sources and outputs run to the constant limits and are unrolled, so that the values of an element stay in
// registers.
template <typename T, bool kPerRow>
__global__ void linear_combination_kernel(const LinearCombinationArgs<T> args,
                                          const __grid_constant__ Table<T> common) {
  __shared__ Table<T> own;
  const int table_size = args.output_count * args.source_count;
  for (int64_t row = blockIdx.y; row < args.rows; row += gridDim.y) {
    if constexpr (kPerRow) {
      __syncthreads();  // no thread still needs the table of the row before
      if (threadIdx.x < table_size) {
        own.coefficients[threadIdx.x] =
            static_cast<T>(args.coefficients[row * args.coefficient_row_stride + threadIdx.x]);
      }
      __syncthreads();
    }
    const T* table = kPerRow ? own.coefficients : common.coefficients;
    uint32_t used = 0;  // bit k: this row reads source k
    for (int i = 0; i < table_size; ++i) {
      used |= table[i] != 0 ? 1u << (i % args.source_count) : 0u;
    }
    const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
    for (int64_t e = blockIdx.x * static_cast<int64_t>(blockDim.x) + threadIdx.x; e < args.row_elements; e += stride) {
      const int64_t at = row * args.row_elements + e;
      T values[kMaxLinearCombinationSources];
#pragma unroll
      for (int k = 0; k < kMaxLinearCombinationSources; ++k) {
        values[k] = (used >> k & 1u) != 0 ? args.sources[k][at] : T{0};
      }
#pragma unroll
      for (int o = 0; o < kMaxLinearCombinationOutputs; ++o) {
        if (o < args.output_count) {
          T sum = 0;
#pragma unroll
          for (int k = 0; k < kMaxLinearCombinationSources; ++k) {
            const T coefficient = k < args.source_count ? table[o * args.source_count + k] : T{0};
            if (coefficient != 0) {
              sum += coefficient * values[k];
            }
          }
          args.outputs[o][at] = sum;  // all sources of the element are in `values` by now
        }
      }
    }
  }
}

}  // namespace

template <typename T>
void linear_combination_cuda(const LinearCombinationArgs<T>& args, Stream stream) {
  check_linear_combination(args);
  if (args.rows == 0 || args.row_elements == 0) {
    return;
  }
  const dim3 grid(static_cast<unsigned>(std::min((args.row_elements + kThreads - 1) / kThreads, kMaxGridX)),
                  static_cast<unsigned>(std::min(args.rows, kMaxGridY)));
  Table<T> common{};
  if (args.coefficient_row_stride == 0) {
    for (int i = 0; i < args.output_count * args.source_count; ++i) {
      common.coefficients[i] = static_cast<T>(args.coefficients[i]);
    }
    linear_combination_kernel<T, false><<<grid, kThreads, 0, stream>>>(args, common);
  } else {
    linear_combination_kernel<T, true><<<grid, kThreads, 0, stream>>>(args, common);
  }
  const cudaError_t status = cudaGetLastError();
  if (status != cudaSuccess) {
    throw std::runtime_error(std::string("linear_combination: launch failed: ") + cudaGetErrorString(status));
  }
}

template void linear_combination_cuda(const LinearCombinationArgs<float>&, Stream);
template void linear_combination_cuda(const LinearCombinationArgs<double>&, Stream);

}  // namespace diffbench::kernels
