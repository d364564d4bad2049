#pragma once
// Blocks on LibTorch's own oneDNN, with the weights of every product packed once, and bias, gelu and the residual sum
// done by the product that makes what they change; the two halves of a long skip are multiplied apart instead of being
// joined first.

#include <memory>
#include <string>

#include "methods/model/compute.h"
#include "methods/runtimes/runtime.h"

namespace diffbench::runtimes {

std::string fused_missing(const std::string& precision);  // why not; empty: LibTorch and CPU can do it
std::unique_ptr<Compiler> make_fused_compiler(const Compute& compute);

}  // namespace diffbench::runtimes
