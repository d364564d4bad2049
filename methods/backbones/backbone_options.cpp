#include "methods/backbones/backbone_options.h"

#include <algorithm>
#include <cmath>

#include "methods/config/nearest.h"

namespace diffbench::backbones {
namespace {

int64_t positive(const config::TomlTable& table, const char* key, int64_t most) {
  const auto value = table.get<int64_t>(key);
  if (value < 1 || value > most) {
    table.fail(key, "must be 1 to " + std::to_string(most));
  }
  return value;
}

// what both transformers have: image, patches, tokens, labels and times
template <typename Options>
Options read_transformer(const config::TomlTable& table, const std::vector<std::string>& own_keys) {
  std::vector<std::string> keys{"kind",  "image_size", "channels", "patch_size", "width",     "depth",
                                "heads", "mlp_ratio",  "classes",  "time_input", "prediction"};
  keys.insert(keys.end(), own_keys.begin(), own_keys.end());
  table.allow_only(std::move(keys));
  Options options;
  options.image_size = positive(table, "image_size", 4096);
  options.channels = positive(table, "channels", 4096);
  options.patch_size = positive(table, "patch_size", 4096);
  options.width = positive(table, "width", 65536);
  options.depth = positive(table, "depth", 1000);
  options.heads = positive(table, "heads", 1024);
  options.mlp_ratio = table.get_or<double>("mlp_ratio", 4.0);
  options.classes = table.get_or<int64_t>("classes", 0);
  if (options.image_size % options.patch_size != 0) {
    table.fail("patch_size", "must divide image_size");
  }
  if (options.width % options.heads != 0) {
    table.fail("heads", "must divide width");
  }
  if (options.classes < 0 || options.classes > 1'000'000) {
    table.fail("classes", "must be 0 (unconditional) to 1000000");
  }
  if (!(options.mlp_ratio * static_cast<double>(options.width) >= 1.0 && options.mlp_ratio <= 64.0)) {
    table.fail("mlp_ratio", "must give a hidden width of at least 1, and be at most 64");
  }
  return options;
}

}  // namespace

Prediction read_prediction(const config::TomlTable& table, const solvers::NoiseSchedule& schedule) {
  const std::vector<std::string> names(kPredictionNames.begin(), kPredictionNames.end());
  const auto name = table.get_or<std::string>("prediction", "eps");
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    table.fail("prediction", config::unknown_name("prediction", name, names));
  }
  const auto prediction = static_cast<Prediction>(found - names.begin());
  if (prediction == Prediction::kPrevious && schedule.is_continuous()) {
    table.fail("prediction", "there is no previous time on vp_continuous: it needs a discrete schedule");
  }
  return prediction;
}

TimeInput read_time_input(const config::TomlTable& table, const solvers::NoiseSchedule& schedule) {
  TimeInput input;
  input.kind = table.get_or<std::string>("time_input", "index");
  const std::vector<std::string> kinds{"index", "index_plus_one", "unit", "uvit_continuous"};
  if (std::find(kinds.begin(), kinds.end(), input.kind) == kinds.end()) {
    table.fail("time_input", config::unknown_name("time input", input.kind, kinds));
  }
  input.train_steps = schedule.train_steps();
  input.schedule_is_continuous = schedule.is_continuous();
  return input;
}

UViTOptions read_uvit_options(const config::TomlTable& table) {
  auto options = read_transformer<UViTOptions>(
      table, {"qkv_bias", "null_label", "mlp_time_embed", "final_conv", "context_tokens", "context_width"});
  options.qkv_bias = table.get_or<bool>("qkv_bias", false);
  options.null_label = table.get_or<bool>("null_label", true);
  options.mlp_time_embed = table.get_or<bool>("mlp_time_embed", false);
  options.final_conv = table.get_or<bool>("final_conv", true);
  options.context_tokens = table.get_or<int64_t>("context_tokens", 0);
  options.context_width = table.get_or<int64_t>("context_width", 0);
  if (options.context_tokens < 0 || options.context_tokens > 4096) {
    table.fail("context_tokens", "must be 0 (no text) to 4096");
  }
  if (options.context_tokens > 0 ? options.context_width < 1 || options.context_width > 65536
                                 : options.context_width != 0) {
    table.fail("context_width", "must be 1 to 65536 with context_tokens, and 0 without");
  }
  if (options.context_tokens > 0 && options.classes > 0) {
    table.fail("classes", "must be 0 with context_tokens: a network takes labels or text");
  }
  if (options.depth % 2 != 0) {
    table.fail("depth", "must be even: half of the blocks come before the mid block, half after");
  }
  if (!options.null_label && options.classes == 0) {
    table.fail("null_label", "there are no labels: classes is 0");
  }
  return options;
}

DiTOptions read_dit_options(const config::TomlTable& table) {
  auto options = read_transformer<DiTOptions>(table, {"learned_sigma", "guidance_channels", "qkv_bias"});
  options.learned_sigma = table.get_or<bool>("learned_sigma", false);
  options.guidance_channels = table.get_or<int64_t>("guidance_channels", 0);
  if (options.guidance_channels < 0 || options.guidance_channels > options.channels) {
    table.fail("guidance_channels", "must be 0 (all) to channels");
  }
  if (!table.get_or<bool>("qkv_bias", true)) {
    table.fail("qkv_bias", "is always true for dit");
  }
  if (options.width % 4 != 0) {
    table.fail("width", "must be a multiple of 4: sines and cosines of x and y");
  }
  return options;
}

GaussianMixtureOptions read_gaussian_mixture_options(const config::TomlTable& table) {
  GaussianMixtureOptions options;
  table.allow_only({"kind", "image_size", "channels", "means", "stds", "weights"});
  options.image_size = positive(table, "image_size", 4096);
  options.channels = positive(table, "channels", 4096);
  options.means = table.get<std::vector<double>>("means");
  options.stds = table.get<std::vector<double>>("stds");
  options.weights = table.get<std::vector<double>>("weights");
  if (options.means.empty()) {
    table.fail("means", "at least one component is needed");
  }
  if (options.stds.size() != options.means.size()) {
    table.fail("stds", "must be as long as means");
  }
  if (options.weights.size() != options.means.size()) {
    table.fail("weights", "must be as long as means");
  }
  const auto all = [](const std::vector<double>& values, auto predicate) {
    return std::all_of(values.begin(), values.end(), predicate);
  };
  const auto finite = [](double v) { return std::isfinite(v); };
  const auto above_zero = [](double v) { return std::isfinite(v) && v > 0.0; };
  if (!all(options.means, finite)) {
    table.fail("means", "must be finite");
  }
  if (!all(options.stds, above_zero)) {
    table.fail("stds", "must be above 0");
  }
  if (!all(options.weights, above_zero)) {
    table.fail("weights", "must be above 0");
  }
  return options;
}

}  // namespace diffbench::backbones
