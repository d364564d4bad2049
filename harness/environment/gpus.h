#pragma once
// The CUDA side of the machine (gpus_cuda.cpp | gpus_none.cpp, chosen by CMake).
//
//   CudaInfo cuda = query_cuda();   // never throws; a machine without a GPU has no names and an empty driver

#include <string>
#include <vector>

namespace diffbench::environment {

struct CudaInfo {
  std::string toolkit;  // compiled against, "13.0"; "" in a build without CUDA
  std::string runtime;  // loaded
  std::string driver;   // newest CUDA version that the driver supports; "" without a driver
  std::vector<std::string> gpu_names;
};

CudaInfo query_cuda();

}  // namespace diffbench::environment
