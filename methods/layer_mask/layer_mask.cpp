// Runs at each time only the branches that a table names; the others give again, newly gated, what they last gave.
#include <filesystem>
#include <map>

#include "methods/caches/branch_cache.h"
#include "methods/caches/calibration.h"
#include "methods/config/input_error.h"
#include "methods/method.h"

namespace diffbench::methods::layer_mask {
namespace {

using Masks = std::vector<std::string>;  // for each place '1' or '0' by branch

class Rule : public caches::BranchRule {
 public:
  // none: everything runs
  Rule(std::map<int64_t, Masks> by_places, std::string where)
      : by_places_(std::move(by_places)), where_(std::move(where)) {}

  bool runs(double t, const caches::Timetable& times, int64_t branch) const override {
    const auto place = static_cast<size_t>(times.place(t));
    return place >= masks_.size() || masks_[place][static_cast<size_t>(branch)] == '1';
  }
  size_t history() const override { return by_places_.empty() ? 0 : 1; }
  void prepare(const caches::Timetable& times) override {
    masks_.clear();
    const auto found = by_places_.find(times.count());
    if (found != by_places_.end()) {
      masks_ = found->second;
    } else if (!by_places_.empty()) {
      std::string known;
      for (const auto& [places, masks] : by_places_) known += (known.empty() ? "" : ", ") + std::to_string(places);
      throw config::InputError(where_ + ": mask: there is one for " + known + " times, none for " +
                               std::to_string(times.count()));
    }
  }

 private:
  std::map<int64_t, Masks> by_places_;
  std::string where_;
  Masks masks_;  // of the plan
};

Masks read_masks(const std::string& file, const MethodContext& context) {
  auto masks = caches::read_calibration(file, "layer_mask", context).runs;
  const auto branches = static_cast<size_t>(2 * context.model->network.backbone->block_count());
  for (const auto& mask : masks) {
    if (mask.size() != branches || mask.find_first_not_of("01") != std::string::npos) {
      throw config::InputError(file + ": runs: '" + mask + "' is not a 0 or 1 for each of " + std::to_string(branches) +
                               " branches");
    }
  }
  return masks;
}

// of the file, or of every file of the folder
std::map<int64_t, Masks> masks_of(const std::string& name, const MethodContext& context) {
  const auto found = caches::find_calibration(name, context);
  std::map<int64_t, Masks> by_places;
  if (!std::filesystem::is_directory(found)) {
    auto masks = read_masks(found.string(), context);
    by_places[static_cast<int64_t>(masks.size())] = std::move(masks);
    return by_places;
  }
  for (const auto& entry : std::filesystem::directory_iterator(found)) {
    if (entry.path().extension() != ".toml") continue;
    auto masks = read_masks(entry.path().string(), context);
    by_places[static_cast<int64_t>(masks.size())] = std::move(masks);
  }
  return by_places;
}

std::unique_ptr<Denoiser> make(const nlohmann::json& params, const MethodContext& context) {
  std::map<int64_t, Masks> by_places;
  if (params.at("skips").get<bool>()) by_places = masks_of(params.at("mask"), context);
  return caches::make_branch_cache(context, std::make_unique<Rule>(std::move(by_places), context.where));
}

}  // namespace

MethodEntry entry() {
  using config::ParamType;
  return {
      .name = "layer_mask",
      .summary = "runs at each time the attentions and MLPs that a table names; the others give what they last gave",
      .source =
          "SmoothCache: Liu et al., 2024, arXiv 2411.10510; Learning-to-Cache: Ma et al., NeurIPS 2024, arXiv "
          "2406.01733",
      .needs = "a table for its number of steps, from `diffbench calibrate --smoothcache` or learned elsewhere",
      .knob = "mask",
      .params = {{.name = "mask",
                  .type = ParamType::kString,
                  .default_value = "layer_mask.toml",
                  .description = "file of `diffbench calibrate --smoothcache`, or a folder with one for each number of "
                                 "steps; beside the "
                                 "suite or in the model's folder"},
                 {.name = "skips",
                  .type = ParamType::kBool,
                  .default_value = true,
                  .description = "false: everything runs, whatever the table"}},
      .make = make,
      .never_skip = [](nlohmann::json params, const Model& model) -> std::optional<nlohmann::json> {
        if (!model.network.backbone->has_branches()) return std::nullopt;
        params["skips"] = false;
        return params;
      }};
}

}  // namespace diffbench::methods::layer_mask
