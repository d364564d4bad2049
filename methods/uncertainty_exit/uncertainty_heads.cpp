#include "methods/uncertainty_exit/uncertainty_heads.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <torch/nn/modules/linear.h>

#include <fstream>

#include "methods/backbones/timestep_embedding.h"
#include "methods/config/input_error.h"
#include "methods/model/checkpoint.h"

namespace diffbench::methods::uncertainty_exit {

namespace fs = std::filesystem;

UncertaintyHeads::UncertaintyHeads(const backbones::Backbone& backbone, const UncertaintyOptions& options)
    : options_(options), first_image_token_(backbone.first_image_token()) {
  const int exits = backbone.block_count() - 1;
  const int64_t width = backbone.token_width();
  for (int i = 0; i < (options.shared_gate ? 1 : exits); ++i) {
    const auto gate = register_module("gate" + std::to_string(i), std::make_shared<torch::nn::Module>());
    weights_.push_back(gate->register_parameter("weight", at::zeros({width})));
    time_weights_.push_back(options.time_input ? gate->register_parameter("time_weight", at::zeros({width}))
                                               : at::Tensor());
    biases_.push_back(gate->register_parameter("bias", at::zeros({1})));
  }
  for (int i = 0; i < exits && options.exit_heads; ++i) {
    heads_.push_back(register_module("head" + std::to_string(i), backbone.new_head()));
  }
}

at::Tensor UncertaintyHeads::time_features(const std::vector<double>& t, double times_in_all) const {
  auto per_mille = t;
  for (double& time : per_mille) {
    time *= 1000.0 / times_in_all;
  }
  const auto& weight = weights_.front();
  return backbones::timestep_embedding(per_mille, weight.size(0), weight.options().requires_grad(false));
}

at::Tensor UncertaintyHeads::uncertainty(int block, const backbones::Hidden& hidden,
                                         const at::Tensor& time_features) const {
  auto logit = at::matmul(hidden.tokens.slice(1, first_image_token_), gate_weight(block)) + gate_bias(block);
  if (options_.time_input) {
    logit = logit + at::matmul(time_features, gate_time_weight(block)).unsqueeze(1);
  }
  return at::sigmoid(logit);
}

at::Tensor UncertaintyHeads::head(backbones::Backbone& backbone, int block, const backbones::Hidden& hidden) const {
  return heads_.empty() ? backbone.head(hidden) : heads_[static_cast<size_t>(block)]->forward(hidden);
}

void UncertaintyHeads::move_to(const Compute& compute) {
  to(compute.device, compute.state_dtype);
  for (const auto& head : heads_) {
    head->to(compute.network_dtype);
  }
}

void write_heads(const UncertaintyHeads& heads, const std::string& model_fingerprint, const fs::path& folder) {
  fs::create_directories(folder);
  save_weights(named_weights(heads), folder / "heads.safetensors", at::kFloat);
  const auto temporary = folder / "heads.toml.tmp";
  std::ofstream(temporary) << fmt::format(
      "# Written by `diffbench train`: the gates of uncertainty_exit and what they were trained on\n"
      "model_fingerprint = \"{}\"\ntime_input = {}\nshared_gate = {}\nexit_heads = {}\n",
      model_fingerprint, heads.options().time_input, heads.options().shared_gate, heads.options().exit_heads);
  fs::rename(temporary, folder / "heads.toml");
}

std::shared_ptr<UncertaintyHeads> read_heads(const fs::path& folder, const Model& model, const std::string& where) {
  if (model.network.backbone->token_width() == 0) {
    throw config::InputError(where + ": '" + model.name + "' has no tokens for a gate to look at");
  }
  if (!fs::is_regular_file(folder / "heads.toml")) {
    throw config::InputError(where + ": no heads.toml in '" + folder.string() +
                             "'; `diffbench train` makes one from a recipe with task = \"uncertainty\"");
  }
  const auto toml = config::TomlTable::parse_file(folder / "heads.toml");
  toml.allow_only({"time_input", "shared_gate", "exit_heads", "model_fingerprint"});
  const UncertaintyOptions options{.time_input = toml.get<bool>("time_input"),
                                   .shared_gate = toml.get<bool>("shared_gate"),
                                   .exit_heads = toml.get<bool>("exit_heads")};
  const auto fingerprint = toml.get<std::string>("model_fingerprint");
  if (fingerprint != model.fingerprint) {
    toml.fail("model_fingerprint", "these heads were trained on another checkpoint than '" + model.name + "'");
  }
  auto heads = std::make_shared<UncertaintyHeads>(*model.network.backbone, options);
  heads->to(at::kCPU, at::kFloat);  // as in the file, whatever the network's own head is copied in
  load_weights(*heads, folder / "heads.safetensors");
  heads->move_to(model.compute);
  for (auto& parameter : heads->parameters()) {
    parameter.set_requires_grad(false);
  }
  return heads;
}

}  // namespace diffbench::methods::uncertainty_exit
