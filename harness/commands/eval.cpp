#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "harness/commands/commands.h"
#include "harness/commands/model_options.h"
#include "harness/commands/sample_files.h"
#include "methods/config/input_error.h"
#include "methods/data/safetensors.h"
#include "methods/data/tensor_file.h"
#include "methods/model/tensors.h"
#include "methods/registry.h"

namespace diffbench::commands {
namespace {

struct Options {
  ModelOptions model;
  std::string input;
  std::string out;
  int exit = -1;
  bool json = false;
};

at::Tensor read(const data::NamedTensors& file, const std::string& path, const std::string& name,
                const std::vector<int64_t>& shape) {
  const auto found = file.find(name);
  if (found == file.end()) {
    throw config::InputError(path + ": no tensor '" + name + "'");
  }
  if (found->second.shape != shape) {
    throw config::InputError(path + ": " + name + ": shape " + found->second.shape_text() + " instead of " +
                             data::RawTensor{data::DType::f32, shape, {}}.shape_text());
  }
  const auto tensor = to_tensor(found->second);
  if (!at::isfinite(tensor).all().item<bool>()) {
    throw config::InputError(path + ": " + name + ": must be finite");
  }
  return tensor;
}

void eval(const Options& options) {
  check_tensor_output("--out", options.out);
  const auto model = load(options.model);
  const auto& network = model->network;
  const int blocks = network.backbone->block_count();
  if (options.exit != -1 && (options.exit < 1 || options.exit > blocks)) {
    throw config::InputError("--exit " + std::to_string(options.exit) + ": must be 1 to " + std::to_string(blocks) +
                             ", the blocks of '" + model->name + "'");
  }
  const auto file = data::read_tensors(options.input);
  const auto x_entry = file.find("x");
  if (x_entry == file.end() || x_entry->second.shape.empty() || x_entry->second.shape[0] < 1) {
    throw config::InputError(options.input + ": no tensor 'x' [B, C, H, W] with at least one row");
  }
  const int64_t rows = x_entry->second.shape[0];
  const auto x = read(file, options.input, "x", {rows, network.channels, network.image_size, network.image_size})
                     .to(model->compute.state_options());
  const auto times = read(file, options.input, "t", {rows}).to(at::kDouble);
  const std::vector<double> t(times.data_ptr<double>(), times.data_ptr<double>() + rows);
  at::Tensor context;
  if (network.context_tokens > 0) {
    context = read(file, options.input, "context", {rows, network.context_tokens, network.context_width})
                  .to(model->compute.state_options());
  }
  at::Tensor labels;
  if (!file.contains("y") && !network.null_label) {
    throw config::InputError(options.input + ": no tensor 'y': '" + model->name +
                             "' has no null label (null_label = false)");
  }
  if (file.contains("y") && network.classes > 0) {
    labels = read(file, options.input, "y", {rows});
    if (labels.scalar_type() != at::kLong) {
      throw config::InputError(options.input + ": y: must be int64");
    }
    if (labels.min().item<int64_t>() < 0 || labels.max().item<int64_t>() > network.last_label()) {
      throw config::InputError(options.input + ": y: labels must be 0 to " + std::to_string(network.last_label()) +
                               (network.null_label ? " (the last is the null label)" : ""));
    }
    labels = labels.to(model->compute.device);
  }
  const c10::InferenceMode inference;
  const auto denoiser = methods::make_method("fixed_exit", {{"exit", options.exit == -1 ? blocks : options.exit}},
                                             {.model = model, .load = {}, .where = "--exit"});
  EvaluationTrace trace;
  const auto output = denoiser->predict({x, t, labels, numbered_members(rows), context}, trace);
  data::NamedTensors results{{"eps", to_raw(output.narrow(1, 0, network.channels))}};
  if (network.learned_sigma) {
    results.emplace("v", to_raw(output.narrow(1, network.channels, network.channels)));
  }
  data::write_safetensors(options.out, results);
  if (options.json) {
    std::cout << nlohmann::json{{"out", options.out}, {"rows", rows}, {"blocks", trace.blocks_executed / rows}} << "\n";
  }
}

}  // namespace

void add_eval(Command program, int&) {
  const Command command = program.add_subcommand("eval", "one network call on given inputs");
  auto options = std::make_shared<Options>();
  add_model_options(command, options->model);
  command
      .add_option(
          "--input", options->input,
          "tensors x [B,C,H,W], t [B] in index units, y [B] (optional), context [B,tokens,width] (text-to-image)")
      .required();
  command.add_option("--out", options->out, ".safetensors that receives `eps`, and `v` where sigma is learned")
      .required();
  command.add_option("--exit", options->exit, "apply the head after so many blocks, counted from 1").at_least(1);
  command.add_flag("--json", options->json, "one JSON document on stdout");
  command.footer("Example: diffbench eval --model fashion_mnist --input in.safetensors --out out.safetensors --exit 7");
  command.callback([options] { eval(*options); });
}

}  // namespace diffbench::commands
