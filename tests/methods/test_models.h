#pragma once
// Tiny models for tests, written to a temporary folder.
//
//   const TemporaryModel model({.depth = 4});
//   auto loaded = load_model(model.path(), resolve_compute("cpu", "fp32"));

#include <ATen/ATen.h>
#include <torch/nn/module.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "methods/model/checkpoint.h"
#include "methods/model/model.h"

namespace diffbench::testing_models {

struct TinyUViT {
  int depth = 4;
  int width = 32;
  int classes = 3;
  int image_size = 8;
  std::string more{};  // further lines of [backbone]
  uint64_t seed = 1;
};

inline std::string tiny_toml(const TinyUViT& options) {
  return "[backbone]\nkind = \"uvit\"\nimage_size = " + std::to_string(options.image_size) +
         "\nchannels = 1\npatch_size = 4\nwidth = " + std::to_string(options.width) +
         "\ndepth = " + std::to_string(options.depth) + "\nheads = 2\nclasses = " + std::to_string(options.classes) +
         "\n" + options.more + "[noise]\nschedule = \"linear\"\n[weights]\nfile = \"weights.safetensors\"\n";
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "diffbench_test_XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class TemporaryModel {
 public:
  explicit TemporaryModel(const TinyUViT& options) {
    std::ofstream(folder_.path() / "model.toml") << tiny_toml(options);
    at::manual_seed(options.seed);
    const auto toml = config::TomlTable::parse(tiny_toml(options), "tiny");
    const auto network = backbones::make_backbone(toml.table("backbone"), read_noise_schedule(toml.table("noise")));
    const at::NoGradGuard no_grad;
    for (auto& parameter : network.module->parameters()) {
      parameter.add_(at::randn_like(parameter) * 0.1);  // so that no block is near the identity
    }
    save_weights(named_weights(*network.module), folder_.path() / "weights.safetensors", at::kFloat);
  }
  std::string path() const { return folder_.path().string(); }

 private:
  TemporaryFolder folder_;
};

}  // namespace diffbench::testing_models
