#include <cuda_runtime.h>

#include <stdexcept>

#include "tests/kernels/linear_combination/device_memory.h"

namespace diffbench::kernels {
namespace {

void require(cudaError_t status) {
  if (status != cudaSuccess) {
    throw std::runtime_error(cudaGetErrorString(status));
  }
}

}  // namespace

bool has_device() {
  int devices = 0;
  return cudaGetDeviceCount(&devices) == cudaSuccess && devices > 0;
}

void* copy_to_device(const void* host, size_t bytes) {
  void* device = nullptr;
  require(cudaMalloc(&device, bytes));
  require(cudaMemcpy(device, host, bytes, cudaMemcpyHostToDevice));
  return device;
}

void copy_to_host(void* host, const void* device, size_t bytes) {
  require(cudaMemcpy(host, device, bytes, cudaMemcpyDeviceToHost));
}

void free_on_device(void* device) noexcept { cudaFree(device); }

}  // namespace diffbench::kernels
