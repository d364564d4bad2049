#pragma once
// THE table of backbones: one line each in the .cpp.
//
//   auto network = make_backbone(model_toml.table("backbone"), schedule);
//   network.module->to(at::kHalf);

#include <memory>
#include <span>

#include "methods/backbones/backbone.h"
#include "methods/backbones/prediction.h"
#include "methods/config/toml_table.h"
#include "methods/solvers/noise_schedule.h"

namespace torch::nn {
class Module;  // <torch/nn/module.h> takes four seconds to compile, and few need it
}

namespace diffbench::backbones {

struct Network {
  std::shared_ptr<Backbone> backbone;
  std::shared_ptr<torch::nn::Module> module;  // the same object; null where there is nothing to learn
  int64_t channels = 1;
  int64_t image_size = 1;
  int64_t classes = 0;
  bool learned_sigma = false;  // the head gives 2 * channels: eps, then v
  bool null_label = true;      // where there are classes: label `classes` means none, as guidance needs
  Prediction prediction = Prediction::kEps;
  int64_t guidance_channels = 0;  // guidance acts on the first so many channels; 0: on all

  int64_t context_tokens = 0;  // text-to-image: features [B, context_tokens, context_width] in place of labels
  int64_t context_width = 0;

  // the last label that there is
  int64_t last_label() const { return null_label ? classes : classes - 1; }
};

struct BackboneEntry {
  const char* name;
  const char* summary;
  const char* source;
  Network (*make)(const config::TomlTable& table, std::shared_ptr<const solvers::NoiseSchedule> schedule);
};

std::span<const BackboneEntry> backbone_table();

// table: model.toml's [backbone]; every bad key or value is an InputError with its line. Weights are random.
Network make_backbone(const config::TomlTable& table, std::shared_ptr<const solvers::NoiseSchedule> schedule);

}  // namespace diffbench::backbones
