#pragma once
// A training recipe: the TOML file behind `diffbench train`. Its schema is documented in methods/training/README.md.
//
//   Recipe recipe = read_recipe("methods/zoo/fashion_mnist/recipe.toml", {.data_dir = "", .device = "auto"});

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "methods/config/paths.h"
#include "methods/config/toml_table.h"

namespace diffbench::training {

struct Recipe {
  explicit Recipe(config::TomlTable table) : toml(std::move(table)) {}

  std::filesystem::path file;
  std::string task;  // a name of task.h's table
  uint64_t seed = 0;
  std::filesystem::path output;  // folder that receives the result and log.csv
  std::string device = "auto";
  std::string precision = "fp32";  // fp32, or bf16 through autocast (parameters stay fp32)

  std::string dataset = "fashion_mnist";
  std::filesystem::path data_dir;  // empty: where the data set lies by default
  bool flip = false;               // mirror half of the images

  int64_t steps = 0;
  int64_t batch = 128;
  double learning_rate = 1e-3;  // reached after warm-up, then a cosine to 0 at the last step
  int64_t warmup_steps = 0;
  std::vector<int64_t> restarts;  // steps, rising, at which the cosine begins anew
  double beta1 = 0.9;
  double beta2 = 0.999;
  double weight_decay = 0.01;
  double clip_norm = 1.0;
  double ema_decay = 0.999;  // after i steps min(ema_decay, (1 + i) / (10 + i))
  double label_dropout = 0.0;
  bool freeze_time_embedder = false;  // its parameters stay what start_model has

  std::string start_model;  // fine-tuning starts from these weights; empty: from random ones
  config::GivenAt start_model_at;
  std::vector<int64_t> exit_depths;  // blocks to run per equal bin of t; empty: all of them
  std::vector<double> time_weights;  // lambda(t) of the loss per equal bin of t; empty: 1

  int64_t log_every_steps = 50;
  double save_every_seconds = 120.0;

  config::TomlTable toml;  // for what a task reads itself (`model`); it rejects what nobody read
};

struct RecipeOverrides {
  std::string data_dir;
  std::string device;
  std::string output;
};

Recipe read_recipe(const std::filesystem::path& file, const RecipeOverrides& overrides);

}  // namespace diffbench::training
