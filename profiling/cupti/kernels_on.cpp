#include "profiling/cupti/kernels.h"
#include "profiling/cupti/live_kernels.h"

namespace diffbench::profiling {

KernelSource& cupti_kernels() {
  // never destroyed: CUPTI may call back until the process ends
  static auto* const kernels = new cupti::LiveKernels(cupti::open_library());
  return *kernels;
}

}  // namespace diffbench::profiling
