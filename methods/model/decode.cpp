#include "methods/model/decode.h"

#include <torch/script.h>

#include "methods/config/input_error.h"

namespace diffbench {

std::filesystem::path decoder_file(const Model& model) {
  return model.image.decoder.empty() ? std::filesystem::path()
                                     : std::filesystem::path(model.file).parent_path() / model.image.decoder;
}

Decoder::Decoder(const Model& model) : scale_(model.image.scale) {
  const auto file = decoder_file(model);
  if (file.empty()) {
    return;
  }
  try {
    module_ = std::make_shared<torch::jit::Module>(torch::jit::load(file.string(), model.compute.device));
  } catch (const c10::Error&) {
    throw config::InputError(model.file + ": [image] decoder: cannot load " + file.string() + " as TorchScript");
  }
}

at::Tensor Decoder::operator()(const at::Tensor& samples) const {
  if (!is_needed()) {
    return samples;
  }
  const at::NoGradGuard no_grad;
  return module_->forward({(samples / scale_).to(at::kFloat)}).toTensor();
}

}  // namespace diffbench
