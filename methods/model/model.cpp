#include "methods/model/model.h"

#include <ATen/ATen.h>

#include <filesystem>

#include "methods/config/input_error.h"
#include "methods/config/paths.h"
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

std::string find_model_file(const std::string& name) {
  for (const fs::path& candidate : {fs::path(name), config::zoo_path(name)}) {
    if (fs::is_regular_file(candidate) && candidate.extension() == ".toml") {
      return candidate.string();
    }
    if (fs::is_regular_file(candidate / "model.toml")) {
      return (candidate / "model.toml").string();
    }
  }
  std::string message =
      "--model " + name + ": no such zoo model, folder with a model.toml, or model.toml; the zoo has:";
  for (const auto& known : zoo_names()) {
    message += " " + known;
  }
  throw config::InputError(message);
}

config::TomlTable parse_model_file(const fs::path& file) {
  auto toml = config::TomlTable::parse_file(file);
  toml.allow_only({"backbone", "noise", "weights", "image"});
  return toml;
}

std::shared_ptr<const solvers::NoiseSchedule> read_noise_schedule(const config::TomlTable& noise) {
  solvers::NoiseScheduleSpec spec;
  noise.allow_only({"schedule", "train_steps", "beta_min", "beta_max", "beta_start", "beta_end"});
  spec.kind = noise.get<std::string>("schedule");
  spec.train_steps = noise.get_or<int64_t>("train_steps", spec.train_steps);
  if (spec.kind == "vp_continuous") {
    spec.beta_min = noise.get_or<double>("beta_min", spec.beta_min);
    spec.beta_max = noise.get_or<double>("beta_max", spec.beta_max);
  } else {
    spec.beta_start = noise.get_or<double>("beta_start", spec.beta_start);
    spec.beta_end = noise.get_or<double>("beta_end", spec.beta_end);
  }
  noise.reject_unknown_keys();
  return std::make_shared<solvers::NoiseSchedule>(spec, noise.file() + ": [noise]");
}

ImageSpec read_image_spec(const config::TomlTable& image) {
  ImageSpec spec;
  image.allow_only({"range", "decoder", "scale"});
  const auto range = image.get_or<std::vector<double>>("range", {spec.low, spec.high});
  if (range.size() != 2 || !(range[0] < range[1])) {
    image.fail("range", "must be two numbers, the lower first");
  }
  spec.low = range[0];
  spec.high = range[1];
  spec.decoder = image.get_or<std::string>("decoder", "");
  spec.scale = image.get_or<double>("scale", spec.scale);
  return spec;
}

std::shared_ptr<Model> load_model(const std::string& name, const Compute& compute) {
  auto model = std::make_shared<Model>();
  model->name = name;
  model->file = find_model_file(name);
  model->compute = compute;
  const auto toml = parse_model_file(model->file);
  model->schedule = read_noise_schedule(toml.table("noise"));
  model->network = backbones::make_backbone(toml.table("backbone"), model->schedule);
  model->image = read_image_spec(toml.table_or_empty("image"));
  model->files.push_back(record_of("model", model->file));
  std::string digests = model->files.back().sha256;
  if (model->network.module) {
    const auto weights = toml.table("weights");
    weights.allow_only({"file"});
    const fs::path file = fs::path(model->file).parent_path() / weights.get<std::string>("file");
    if (!fs::is_regular_file(file)) {
      weights.fail("file", "no such file: " + file.string());
    }
    load_weights(*model->network.module, file);
    model->files.push_back(record_of("weights", file));
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
