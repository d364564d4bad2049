#include "methods/model/decode.h"

#include <torch/script.h>

#include <filesystem>

#include "methods/config/input_error.h"

namespace diffbench {

at::Tensor decode(const at::Tensor& samples, const Model& model) {
  if (model.image.decoder.empty()) {
    return samples;
  }
  const auto file = std::filesystem::path(model.file).parent_path() / model.image.decoder;
  torch::jit::Module decoder("decoder");
  try {
    decoder = torch::jit::load(file.string(), model.compute.device);
  } catch (const c10::Error&) {
    throw config::InputError(model.file + ": [image] decoder: cannot load " + file.string() + " as TorchScript");
  }
  const torch::NoGradGuard no_grad;
  return decoder.forward({(samples / model.image.scale).to(at::kFloat)}).toTensor();
}

}  // namespace diffbench
