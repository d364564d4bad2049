#include "methods/model/model_file.h"

#include <algorithm>
#include <cmath>

#include "methods/config/nearest.h"

namespace diffbench {

const GatesInWeights& gates_in_weights(const config::TomlTable& weights, const std::string& kind) {
  static const std::vector<GatesInWeights> kKinds{
      {"adadiff", {"lte_classifer."}},
      {"rc_eenn", {"UEM.", "final_layer_in.", "final_layer_mid.", "final_layer_out."}}};
  const auto found = std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& one) { return one.kind == kind; });
  if (found == kKinds.end()) {
    std::vector<std::string> names;
    for (const auto& one : kKinds) names.emplace_back(one.kind);
    weights.fail("gates", config::unknown_name("kind of gates", kind, names));
  }
  return *found;
}

config::TomlTable parse_model_file(const std::filesystem::path& file) {
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
  if (!std::isfinite(range[0]) || !std::isfinite(range[1])) image.fail("range", "must be finite");
  spec.low = range[0];
  spec.high = range[1];
  spec.decoder = image.get_or<std::string>("decoder", "");
  spec.scale = image.get_or<double>("scale", spec.scale);
  if (!std::isfinite(spec.scale) || spec.scale <= 0.0) image.fail("scale", "must be a finite number above 0");
  return spec;
}

}  // namespace diffbench
