#include <cuda_runtime.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "kernels/exit_gate/exit_gate.h"
#include "kernels/exit_gate/exit_gate_check.h"
#include "kernels/exit_gate/exit_gate_math.h"

namespace diffbench::kernels {
namespace {

constexpr int kWarp = 32;
constexpr unsigned kAllLanes = 0xffffffffu;
static_assert(kGateLanes == kWarp);  // the order of sums is built for warps

template <typename Sum>
__device__ Sum reduce(Sum value) {  // the CPU version's reduce, as lane 0 sees it; every lane gets the result
  for (int half = kWarp / 2; half > 0; half /= 2) {
    value += __shfl_xor_sync(kAllLanes, value, half);
  }
  return value;
}

// a block per row, a warp per token slot
template <typename T>
__global__ void uncertainty_kernel(const ExitGateArgs<T> args) {
  using Sum = typename ExitGateArgs<T>::Sum;
  __shared__ double slots[kGateTokenSlots];
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const int warp = static_cast<int>(threadIdx.x) / kWarp;
  for (int64_t row = blockIdx.x; row < args.rows; row += gridDim.x) {
    const Sum offset = args.row_bias == nullptr ? args.bias : args.bias + args.row_bias[row];
    double slot = 0;
    for (int64_t l = warp; l < args.token_count; l += kGateTokenSlots) {
      const T* token = args.tokens + row * args.row_stride + l * args.token_elements;
      Sum sum = 0;
#pragma unroll 4
      for (int64_t e = lane; e < args.token_elements; e += kWarp) {
        sum += args.weight[e] * gate_value(token[e]);
      }
      slot += static_cast<double>(gate_sigmoid(static_cast<float>(reduce(sum) + offset)));
    }
    if (lane == 0) {
      slots[warp] = slot;
    }
    __syncthreads();
    if (threadIdx.x == 0) {
      double sum = 0;
      for (int i = 0; i < kGateTokenSlots; ++i) {
        sum += slots[i];
      }
      args.uncertainty[row] = static_cast<float>(sum / static_cast<double>(args.token_count));
    }
    __syncthreads();  // the slots are free again
  }
}

}  // namespace

template <typename T>
void exit_gate_cuda(const ExitGateArgs<T>& args, Stream stream) {
  check_exit_gate(args);
  if (args.rows == 0) {
    return;
  }
  const auto blocks = static_cast<unsigned>(std::min(args.rows, int64_t{65535}));
  uncertainty_kernel<<<blocks, kGateTokenSlots * kWarp, 0, stream>>>(args);
  const cudaError_t status = cudaGetLastError();
  if (status != cudaSuccess) {
    throw std::runtime_error(std::string("exit_gate: launch failed: ") + cudaGetErrorString(status));
  }
}

template void exit_gate_cuda(const ExitGateArgs<float>&, Stream);
template void exit_gate_cuda(const ExitGateArgs<Bfloat16>&, Stream);
template void exit_gate_cuda(const ExitGateArgs<double>&, Stream);

}  // namespace diffbench::kernels
