#pragma once
// OpenVINO lives in a shared object of its own, lib/diffbench/libdiffbench_openvino.so, opened when it is first asked
// for: a program without it works, and none that does not need it pays for starting it (0.1 s, 160 MB of libraries).

#include <memory>
#include <string>

#include "methods/model/compute.h"
#include "methods/runtimes/runtime.h"

namespace diffbench::runtimes {

std::string openvino_missing(const std::string& precision);  // why not; empty: it can
// in the compute's precision, with LibTorch's number of threads
std::unique_ptr<Compiler> make_openvino_compiler(const Compute& compute);

}  // namespace diffbench::runtimes
