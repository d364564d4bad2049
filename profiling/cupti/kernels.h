#pragma once
// The kernels, copies and sets of NVIDIA GPUs as activities, told by CUPTI.
//
//   start_recording({.operators = &cpu_operators(), .kernels = &cupti_kernels()});
//
// libcupti.so.13 is opened by its name at run time, so a program runs where it is not, and uses the copy that LibTorch
// has loaded already. start() then says why kernels cannot be recorded: no driver, no library, a version that this
// build cannot read, another profiler that holds CUPTI (by its name), or a build without CUPTI's headers. CUPTI's
// buffers and callbacks belong to the whole process: no other user of CUPTI (torch.profiler) may run in it. Start after
// CUDA was initialised; stop() waits for the device of the calling thread's context.

#include "profiling/sources.h"

namespace diffbench::profiling {

KernelSource& cupti_kernels();

}  // namespace diffbench::profiling
