#pragma once
// A network that says how far two images are apart, such as LPIPS: a TorchScript file that somebody made.
//
//   PairNetwork lpips("lpips_vgg.pt", model->compute.device);
//   at::Tensor distances = lpips(a, b);      // of two [N, C, H, W] in [-1, 1] -> [N] float64, CPU
//
// forward(a, b) gets float32 of the model's own channels and size, at most 64 rows at once, and gives N numbers of any
// shape (LPIPS gives [N, 1, 1, 1]). The file is a program: docs/formats.md. InputError that names the file: no
// TorchScript, images that it cannot take, another count of numbers, or numbers that are negative or not finite.

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>
#include <string>

namespace torch::jit {
struct Module;
}

namespace diffbench::methods::risk_controlled {

class PairNetwork {
 public:
  // where: how messages name it, a flag or a suite's file, line and key
  PairNetwork(const std::filesystem::path& file, at::Device device, const std::string& where = "--network");
  at::Tensor operator()(const at::Tensor& a, const at::Tensor& b) const;

 private:
  std::string named_;  // for messages
  at::Device device_;
  std::shared_ptr<torch::jit::Module> module_;
};

}  // namespace diffbench::methods::risk_controlled
