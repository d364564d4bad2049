#include "methods/training/recipe.h"

#include <algorithm>

namespace diffbench::training {
namespace {

double number_in(const config::TomlTable& table, const char* key, double fallback, double low, double high) {
  const auto value = table.get_or<double>(key, fallback);
  if (!(value >= low && value <= high)) {
    table.fail(key, "must be " + std::to_string(low) + " to " + std::to_string(high));
  }
  return value;
}

int64_t count_from(const config::TomlTable& table, const char* key, int64_t fallback, int64_t low) {
  const auto value = table.get_or<int64_t>(key, fallback);
  if (value < low) {
    table.fail(key, "must be " + std::to_string(low) + " or more");
  }
  return value;
}

}  // namespace

Recipe read_recipe(const std::filesystem::path& file, const RecipeOverrides& overrides) {
  const auto toml = config::TomlTable::parse_file(file);
  toml.allow_only({"task", "seed", "precision", "data", "optimizer", "denoiser",  // and what only some tasks read:
                   "model", "extractor", "reference", "uncertainty", "depth_search"});
  Recipe recipe(toml);
  recipe.file = file;
  recipe.task = toml.get<std::string>("task");
  recipe.seed = static_cast<uint64_t>(count_from(toml, "seed", 0, 0));
  recipe.precision = toml.get_or<std::string>("precision", "fp32");
  if (recipe.precision != "fp32" && recipe.precision != "bf16") {
    toml.fail("precision", "must be fp32 or bf16");
  }
  recipe.device = overrides.device.empty() ? "auto" : overrides.device;
  recipe.output = overrides.output.empty() ? file.parent_path() : std::filesystem::path(overrides.output);
  if (recipe.output.empty()) {
    recipe.output = ".";
  }

  const auto data = toml.table_or_empty("data");
  data.allow_only({"name", "dir", "flip"});
  recipe.dataset = data.get_or<std::string>("name", recipe.dataset);
  recipe.data_dir = data.get_or<std::string>("dir", "");
  recipe.flip = data.get_or<bool>("flip", false);
  if (!overrides.data_dir.empty()) {
    recipe.data_dir = overrides.data_dir;
  }

  const auto optimizer = toml.table("optimizer");
  optimizer.allow_only({"steps", "batch", "learning_rate", "warmup_steps", "restarts", "betas", "weight_decay",
                        "clip_norm", "ema_decay", "log_every_steps", "save_every_seconds"});
  recipe.steps = count_from(optimizer, "steps", 0, 1);
  recipe.batch = count_from(optimizer, "batch", recipe.batch, 1);
  recipe.learning_rate = number_in(optimizer, "learning_rate", recipe.learning_rate, 1e-9, 10.0);
  recipe.warmup_steps = count_from(optimizer, "warmup_steps", recipe.warmup_steps, 0);
  recipe.restarts = optimizer.get_or<std::vector<int64_t>>("restarts", {});
  if (!std::is_sorted(recipe.restarts.begin(), recipe.restarts.end()) ||
      (!recipe.restarts.empty() &&
       (recipe.restarts.front() <= recipe.warmup_steps || recipe.restarts.back() >= recipe.steps))) {
    optimizer.fail("restarts", "must rise, and lie between warmup_steps and steps");
  }
  const auto betas = optimizer.get_or<std::vector<double>>("betas", {recipe.beta1, recipe.beta2});
  if (betas.size() != 2 || std::any_of(betas.begin(), betas.end(), [](double b) { return !(b >= 0.0 && b < 1.0); })) {
    optimizer.fail("betas", "must be two numbers in [0, 1)");
  }
  recipe.beta1 = betas[0];
  recipe.beta2 = betas[1];
  recipe.weight_decay = number_in(optimizer, "weight_decay", recipe.weight_decay, 0.0, 10.0);
  recipe.clip_norm = number_in(optimizer, "clip_norm", recipe.clip_norm, 1e-6, 1e6);
  recipe.ema_decay = number_in(optimizer, "ema_decay", recipe.ema_decay, 0.0, 1.0);
  recipe.log_every_steps = count_from(optimizer, "log_every_steps", recipe.log_every_steps, 1);
  recipe.save_every_seconds = number_in(optimizer, "save_every_seconds", recipe.save_every_seconds, 0.0, 86400.0);

  const auto denoiser = toml.table_or_empty("denoiser");
  denoiser.allow_only({"label_dropout", "start_model", "exit_depths", "time_weights", "freeze_time_embedder"});
  recipe.label_dropout = number_in(denoiser, "label_dropout", 0.0, 0.0, 1.0);
  recipe.start_model = denoiser.get_or<std::string>("start_model", "");
  recipe.start_model_at.where = denoiser.place_of("start_model");
  recipe.freeze_time_embedder = denoiser.get_or<bool>("freeze_time_embedder", false);
  recipe.exit_depths = denoiser.get_or<std::vector<int64_t>>("exit_depths", {});
  recipe.time_weights = denoiser.get_or<std::vector<double>>("time_weights", {});
  if (std::any_of(recipe.time_weights.begin(), recipe.time_weights.end(), [](double w) { return !(w >= 0.0); })) {
    denoiser.fail("time_weights", "must be numbers from 0 on");
  }
  return recipe;
}

}  // namespace diffbench::training
