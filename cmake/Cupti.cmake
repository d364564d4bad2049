# Headers of NVTX and CUPTI, wherever a CUDA toolkit or NVIDIA's Python packages put them; no compiler is needed for them.
# Sets DIFFBENCH_NVTX_INCLUDE (or NOTFOUND), and DIFFBENCH_HAS_CUPTI with DIFFBENCH_CUPTI_INCLUDE. DIFFBENCH_CUDA=OFF
# leaves both out.
set(DIFFBENCH_HAS_CUPTI FALSE)
if(DIFFBENCH_CUDA STREQUAL "OFF")
  set(DIFFBENCH_NVTX_INCLUDE "")
  return()
endif()
file(GLOB _pip_cuda "${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/nvidia/cu13")
set(_cuda_includes "${CUDAToolkit_INCLUDE_DIRS}" /usr/local/cuda/include "${_pip_cuda}/include"
  "${DIFFBENCH_TORCH_DIR}/../nvidia/cu13/include")
find_path(DIFFBENCH_NVTX_INCLUDE nvtx3/nvToolsExt.h HINTS ${_cuda_includes})
find_path(DIFFBENCH_CUPTI_INCLUDE cupti.h HINTS ${_cuda_includes})
if(DIFFBENCH_CUPTI_INCLUDE)
  # cupti.h wants cuda.h, and that crt/host_defines.h, which are packages of their own; older ones lack what we read
  include(CheckCXXSourceCompiles)
  set(CMAKE_REQUIRED_INCLUDES "${DIFFBENCH_CUPTI_INCLUDE}")
  check_cxx_source_compiles("#include <cupti.h>
    int main() { return sizeof(CUpti_ActivityKernel10) > 0 && sizeof(CUpti_SubscriberParams) > 0 ? 0 : 1; }"
    DIFFBENCH_CUPTI_COMPILES)
  unset(CMAKE_REQUIRED_INCLUDES)
  set(DIFFBENCH_HAS_CUPTI ${DIFFBENCH_CUPTI_COMPILES})
endif()
