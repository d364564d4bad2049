#include <cuda_runtime.h>

#include <stdexcept>
#include <string>

#include "kernels/philox_normal/philox_normal.h"
#include "kernels/philox_normal/philox_normal_math.h"

namespace diffbench::kernels {
namespace {

constexpr int kThreads = 256;

// one thread makes the four normals of one counter value
__global__ void philox_normal_kernel(PhiloxNormalArgs args, int64_t blocks_per_row) {
  const int64_t thread = blockIdx.x * static_cast<int64_t>(blockDim.x) + threadIdx.x;
  if (thread >= args.rows * blocks_per_row) {
    return;
  }
  const int64_t row = thread / blocks_per_row;
  const int64_t block = thread % blocks_per_row;
  float normals[4];
  philox_normal_block(args.seed, args.sample_index[row], args.draw, static_cast<uint32_t>(block), normals);
  float* out = args.out + row * args.row_elements;
  for (int64_t i = 0; i < 4 && block * 4 + i < args.row_elements; ++i) {
    out[block * 4 + i] = normals[i];
  }
}

}  // namespace

void philox_normal_cuda(const PhiloxNormalArgs& args, Stream stream) {
  const int64_t blocks_per_row = (args.row_elements + 3) / 4;
  const int64_t threads = args.rows * blocks_per_row;
  if (threads == 0) {
    return;
  }
  const auto grid = static_cast<unsigned>((threads + kThreads - 1) / kThreads);
  philox_normal_kernel<<<grid, kThreads, 0, stream>>>(args, blocks_per_row);
  const cudaError_t status = cudaGetLastError();
  if (status != cudaSuccess) {
    throw std::runtime_error(std::string("philox_normal: launch failed: ") + cudaGetErrorString(status));
  }
}

}  // namespace diffbench::kernels
