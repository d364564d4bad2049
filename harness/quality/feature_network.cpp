#include "harness/quality/feature_network.h"

#include <ATen/ATen.h>
#include <torch/csrc/jit/serialization/import.h>

#include <optional>
#include <sstream>
#include <string_view>

#include "harness/quality/network_form.h"
#include "methods/config/input_error.h"

namespace diffbench::quality {
namespace {

// LibTorch's messages are pages: the last line that is no frame of its stack is the cause
std::string cause_of(const std::exception& error) {
  std::istringstream lines(error.what());
  std::string cause = "unknown error";
  for (std::string line; std::getline(lines, line) && !line.starts_with("frame #");) {
    const bool says_something =
        line.find_first_not_of(' ') != std::string::npos && !line.starts_with("Exception raised");
    if (says_something) cause = line.substr(line.find_first_not_of(' '));
  }
  return cause;
}

torch::jit::Module load(const std::string& file, at::Device device) {
  try {
    auto module = torch::jit::load(file, device);
    module.eval();
    return module;
  } catch (const std::exception& error) {
    throw config::InputError(file + ": not a TorchScript file: " + cause_of(error));
  }
}

bool has_return_features(const torch::jit::Module& module) {
  const auto forward = module.find_method("forward");
  return forward && forward->function().getSchema().argumentIndexWithName("return_features").has_value();
}

std::optional<torch::jit::Module> submodule(const torch::jit::Module& module, const std::string& name) {
  if (!module.hasattr(name) || !module.attr(name).isModule()) return std::nullopt;
  return module.attr(name).toModule();
}

at::Tensor weight_of(const std::optional<torch::jit::Module>& linear) {
  if (!linear || !linear->hasattr("weight") || !linear->attr("weight").isTensor()) return {};
  const auto weight = linear->attr("weight").toTensor();
  return weight.dim() == 2 ? weight.to(at::kFloat) : at::Tensor();
}

}  // namespace

FeatureNetwork::FeatureNetwork(std::string file, at::Device device, ChosenMode mode)
    : file_(std::move(file)), device_(device), mode_(mode), entered_(load(file_, device)) {
  if (!has_return_features(entered_)) return;
  class_weights_ = weight_of(submodule(entered_, "output"));
  if (!mode_.input->prepared) {
    arguments_.emplace("return_features", true);
    return;
  }
  const auto layers = submodule(entered_, "layers");
  if (!layers) {
    throw config::InputError(file_ + ": mode " + mode_.name() +
                             " resizes and normalises, and so does this network (it has return_features and no " +
                             "`layers` behind its own resizing); use mode plain");
  }
  entered_ = *layers;
}

at::Tensor FeatureNetwork::checked(const torch::jit::IValue& value, int64_t rows, const char* what) const {
  const bool is_batch = value.isTensor() && value.toTensor().dim() >= 2 && value.toTensor().size(0) == rows;
  const auto flat = is_batch ? value.toTensor().flatten(1) : at::Tensor();
  const bool any_shape = what == std::string_view("spatial");
  // [N, D, 1, 1] is what a global pooling leaves
  if (!is_batch || (!any_shape && flat.size(1) != value.toTensor().size(1))) {
    throw config::InputError(
        file_ + ": forward gives " + (value.isTensor() ? c10::str(value.toTensor().sizes()) : value.tagKind()) +
        " as " + what + " of " + std::to_string(rows) + " images, expected " + (any_shape ? "[N, ...]" : "[N, D]"));
  }
  return flat.to(at::kFloat);
}

Extracted FeatureNetwork::forward(const at::Tensor& input) {
  torch::jit::IValue output;
  try {
    if (!is_settled_) entered_ = fastest_form(entered_, input, arguments_, device_);
    is_settled_ = true;
    const std::optional<Bf16> bf16 = mode_.in_bf16 ? std::optional<Bf16>(std::in_place, device_.type()) : std::nullopt;
    output = entered_.forward({input}, arguments_);
  } catch (const std::exception& error) {
    throw config::InputError(file_ + ": the extractor cannot take images of " + c10::str(input.sizes()) + " in mode " +
                             mode_.name() + ": " + cause_of(error));
  }
  const int64_t rows = input.size(0);
  if (!output.isTuple()) {
    const auto features = checked(output, rows, "features");
    const bool has_classes = class_weights_.defined() && class_weights_.size(1) == features.size(1);
    return {.features = features, .logits = has_classes ? at::linear(features, class_weights_) : at::Tensor()};
  }
  const auto& elements = output.toTupleRef().elements();
  if (elements.size() != 2 && elements.size() != 3) {
    throw config::InputError(file_ + ": forward gives a tuple of " + std::to_string(elements.size()) +
                             ", expected features, (features, logits) or (features, logits, spatial)");
  }
  return {.features = checked(elements[0], rows, "features"),
          .logits = checked(elements[1], rows, "logits"),
          .spatial = elements.size() == 3 ? checked(elements[2], rows, "spatial") : at::Tensor()};
}

}  // namespace diffbench::quality
