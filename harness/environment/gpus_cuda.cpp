#include <cuda_runtime_api.h>

#include "harness/environment/gpus.h"

namespace diffbench::environment {
namespace {

// 13000 -> "13.0"
std::string version_text(int version) {
  return version == 0 ? "" : std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

}  // namespace

CudaInfo query_cuda() {
  CudaInfo info{.toolkit = version_text(CUDART_VERSION), .runtime = "", .driver = "", .gpu_names = {}};
  int version = 0;
  if (cudaRuntimeGetVersion(&version) == cudaSuccess) {
    info.runtime = version_text(version);
  }
  version = 0;
  if (cudaDriverGetVersion(&version) == cudaSuccess) {
    info.driver = version_text(version);
  }
  int count = 0;
  if (info.driver.empty() || cudaGetDeviceCount(&count) != cudaSuccess) {
    cudaGetLastError();  // no device is an answer; later calls must not find it as an error
    return info;
  }
  for (int device = 0; device < count; ++device) {
    cudaDeviceProp properties{};
    if (cudaGetDeviceProperties(&properties, device) == cudaSuccess) {
      info.gpu_names.emplace_back(properties.name);
    }
  }
  return info;
}

}  // namespace diffbench::environment
