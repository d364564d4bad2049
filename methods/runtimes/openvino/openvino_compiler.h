#pragma once
// The one function of the shared object.

#include "methods/runtimes/runtime.h"

namespace diffbench::runtimes {

struct OpenVinoSettings {
  bool bf16 = false;  // else float32
  int threads = 1;
};

using MakeOpenVinoCompiler = Compiler*(const OpenVinoSettings& settings);

}  // namespace diffbench::runtimes

// To be owned by the caller. Null: this CPU has no arithmetic of that precision, and OpenVINO would take float32.
extern "C" diffbench::runtimes::MakeOpenVinoCompiler diffbench_openvino_compiler;
