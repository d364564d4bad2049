#include "methods/model/checkpoint.h"

#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include <algorithm>

#include "methods/config/input_error.h"
#include "methods/data/safetensors.h"
#include "methods/data/tensor_file.h"
#include "methods/model/tensors.h"

namespace diffbench {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) {
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

}  // namespace

std::map<std::string, at::Tensor> named_weights(const torch::nn::Module& module) {
  std::map<std::string, at::Tensor> weights;
  for (const auto& parameter : module.named_parameters()) {
    weights.emplace(parameter.key(), parameter.value());
  }
  return weights;
}

void load_weights(torch::nn::Module& module, const std::filesystem::path& file,
                  const std::vector<std::string>& passed_over) {
  const auto stored = data::read_tensors(file);
  auto wanted = named_weights(module);
  const auto buffers = module.named_buffers();
  for (const auto& buffer : buffers) {
    wanted.emplace(buffer.key(), buffer.value());
  }
  std::vector<std::string> missing;
  std::vector<std::string> surplus;
  std::vector<std::string> misshaped;
  for (const auto& [name, parameter] : wanted) {
    const auto found = stored.find(name);
    if (found == stored.end()) {
      if (!buffers.contains(name)) {
        missing.push_back(name);
      }
    } else if (found->second.shape != parameter.sizes().vec()) {
      misshaped.push_back(name + " is " + found->second.shape_text() + " instead of " +
                          data::RawTensor{data::DType::f32, parameter.sizes().vec(), {}}.shape_text());
    } else if (!at::isFloatingType(scalar_type(found->second.dtype))) {
      misshaped.push_back(name + " is " + data::dtype_name(found->second.dtype) + ", not floating point");
    }
  }
  for (const auto& [name, tensor] : stored) {
    if (!wanted.contains(name) && std::none_of(passed_over.begin(), passed_over.end(),
                                               [&](const auto& start) { return name.starts_with(start); })) {
      surplus.push_back(name);
    }
  }
  if (!missing.empty() || !surplus.empty() || !misshaped.empty()) {
    std::string message = file.string() + ": the weights do not fit the model:";
    message += missing.empty() ? "" : " missing: " + joined(missing) + ";";
    message += surplus.empty() ? "" : " surplus: " + joined(surplus) + ";";
    message += misshaped.empty() ? "" : " wrong: " + joined(misshaped) + ";";
    message.pop_back();
    throw config::InputError(message);
  }
  const at::NoGradGuard no_grad;
  for (const auto& [name, parameter] : wanted) {
    if (const auto found = stored.find(name); found != stored.end()) {
      at::Tensor(parameter).copy_(to_tensor(found->second));
    }
  }
}

void save_weights(const std::map<std::string, at::Tensor>& weights, const std::filesystem::path& file,
                  at::ScalarType dtype) {
  data::NamedTensors raw;
  for (const auto& [name, weight] : weights) {
    raw.emplace(name, to_raw(weight.is_floating_point() ? weight.to(dtype) : weight));
  }
  data::write_safetensors(file, raw);
}

}  // namespace diffbench
