#pragma once
// Weights between files and modules, by upstream parameter names.
//
//   load_weights(*network, "zoo/fashion_mnist/backbone.safetensors");
//   load_weights(*network, "nnet_ema.pth", {"lte_classifer."});       // AdaDiff's file holds its gates too
//   save_weights(named_weights(*network), "backbone.safetensors", at::kHalf);
//
// A missing, surplus or wrongly shaped tensor is an InputError that lists every such name. Buffers (tables that the
// module computes itself) may be in the file or not, and are not written. Names that begin with one of `passed_over`
// are somebody else's.

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace torch::nn {
class Module;
}

namespace diffbench {

void load_weights(torch::nn::Module& module, const std::filesystem::path& file,
                  const std::vector<std::string>& passed_over = {});

std::map<std::string, at::Tensor> named_weights(const torch::nn::Module& module);

// writes .safetensors, floating-point tensors as `dtype`
void save_weights(const std::map<std::string, at::Tensor>& weights, const std::filesystem::path& file,
                  at::ScalarType dtype);

}  // namespace diffbench
