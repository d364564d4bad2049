#include "methods/model/model.h"

#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include <filesystem>

#include "methods/config/input_error.h"
#include "methods/data/sha256.h"
#include "methods/model/checkpoint.h"
#include "methods/model/decode.h"

namespace diffbench {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> zoo_names() {
  std::vector<std::string> names;
  const fs::path zoo = config::zoo_path("");
  if (!fs::exists(zoo)) {
    return names;
  }
  for (const auto& entry : fs::recursive_directory_iterator(zoo)) {
    if (entry.path().filename() == "model.toml") {
      names.push_back(entry.path().parent_path().lexically_relative(zoo).generic_string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::string find_model_file(const std::string& name, const config::GivenAt& at) {
  for (const bool in_zoo : {false, true}) {
    const fs::path candidate = in_zoo ? config::zoo_path(name) : config::found_from(at.folder, name);
    if (fs::is_regular_file(candidate) && candidate.extension() == ".toml") {
      return candidate.string();
    }
    if (fs::is_regular_file(candidate / "model.toml")) {
      return (candidate / "model.toml").string();
    }
  }
  std::string message = at.naming(name) + "no such zoo model, folder with a model.toml, or model.toml; the zoo has:";
  for (const auto& known : zoo_names()) {
    message += " " + known;
  }
  throw config::InputError(message);
}

std::shared_ptr<Model> load_model(const std::string& name, const Compute& compute, const config::GivenAt& at) {
  auto model = std::make_shared<Model>();
  model->name = name;
  model->file = find_model_file(name, at);
  model->compute = compute;
  const auto toml = parse_model_file(model->file);
  model->schedule = read_noise_schedule(toml.table("noise"));
  model->network = backbones::make_backbone(toml.table("backbone"), model->schedule);
  model->image = read_image_spec(toml.table_or_empty("image"));
  model->files.push_back(record_of("model", model->file));
  std::string digests = model->files.back().sha256;
  if (model->network.module) {
    const auto weights = toml.table("weights");
    weights.allow_only({"file", "gates"});
    model->weights_file = fs::path(model->file).parent_path() / weights.get<std::string>("file");
    if (!fs::is_regular_file(model->weights_file)) {
      weights.fail("file", "no such file: " + model->weights_file.string());
    }
    model->gates = weights.get_or<std::string>("gates", "");
    load_weights(*model->network.module, model->weights_file,
                 model->gates.empty() ? std::vector<std::string>{} : gates_in_weights(weights, model->gates).prefixes);
    model->files.push_back(record_of("weights", model->weights_file));
    digests += model->files.back().sha256;
    model->network.module->to(compute.device, compute.network_dtype);
    model->network.module->eval();
    for (auto& parameter : model->network.module->parameters()) {
      parameter.set_requires_grad(false);
    }
  }
  toml.reject_unknown_keys();
  const auto decoder = decoder_file(*model);
  if (fs::is_regular_file(decoder)) {
    model->files.push_back(record_of("decoder", decoder));
  }
  model->fingerprint = data::sha256(std::as_bytes(std::span(digests)));
  return model;
}

at::Tensor to_uint8(const at::Tensor& samples, const ImageSpec& image) {
  return ((samples - image.low) / (image.high - image.low) * 255.0).round().clamp(0.0, 255.0).to(at::kByte);
}

}  // namespace diffbench
