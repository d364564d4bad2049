#pragma once
// From what the sampler gives to images: the model's decoder where it has one (latent diffusion), nothing otherwise.
//
//   const Decoder decoder(*model);             // read once
//   at::Tensor images = decoder(samples);      // [B,C,H,W] in the model's image range

#include <filesystem>
#include <memory>

#include "methods/model/model.h"

namespace torch::jit {
struct Module;
}

namespace diffbench {

// TorchScript latent -> image; empty where the model has none
std::filesystem::path decoder_file(const Model& model);

class Decoder {
 public:
  // InputError for a file that is no TorchScript
  explicit Decoder(const Model& model);

  bool is_needed() const { return module_ != nullptr; }
  at::Tensor operator()(const at::Tensor& samples) const;

 private:
  std::shared_ptr<torch::jit::Module> module_;  // null: samples are images
  double scale_;
};

}  // namespace diffbench
