// Skips the blocks between the first and the last few for rows on which the first do nearly what they did when the rest
// last ran; the last ones repair what is reused.
#include <algorithm>

#include "methods/caches/residual_rule.h"
#include "methods/config/input_error.h"
#include "methods/method.h"

namespace diffbench::methods::db_cache {
namespace {

std::unique_ptr<Denoiser> make(const nlohmann::json& params, const MethodContext& context) {
  const auto& backbone = context.model->network.backbone;
  const caches::StretchEnds ends{.front = params.at("front_blocks"), .back = params.at("back_blocks")};
  if (const auto reason = caches::obstacle(*backbone, ends); !reason.empty()) {
    throw config::InputError(context.where + ": front_blocks: in '" + context.model->name + "' " + reason);
  }
  std::vector<bool> compute;
  for (const auto& one : params.at("compute_mask")) compute.push_back(one.get<int64_t>() != 0);
  return std::make_unique<caches::StretchCache>(backbone, ends,
                                                std::make_unique<caches::ResidualRule>(caches::ResidualRule::Options{
                                                    .threshold = params.at("threshold"),
                                                    .warmup = params.at("warmup"),
                                                    .max_reuses = params.at("max_cached_steps"),
                                                    .max_in_a_row = params.at("max_continuous_cached_steps"),
                                                    .by_row = params.at("granularity") == "row",
                                                    .compute = std::move(compute),
                                                    .reuses_unasked = params.at("mask_policy") == "static"}));
}

// as many blocks in front as the network has to give
void fit(nlohmann::json& params, const Model& model) {
  const int most = model.network.backbone->block_count() - 1 - params.value("back_blocks", 0);
  params["front_blocks"] = std::max(1, std::min(params.value("front_blocks", 8), most));
}

}  // namespace

MethodEntry entry() {
  using config::ParamType;
  return {
      .name = "db_cache",
      .summary = "reuses what the middle blocks did while the effect of the first ones changes little",
      .source = "DBCache of vipshop/cache-dit",
      .needs = "nothing",
      .knob = "threshold",
      .params = {{.name = "front_blocks",
                  .type = ParamType::kInteger,
                  .default_value = 8,
                  .description = "Fn: first blocks, which always run and are compared",
                  .minimum = 1},
                 {.name = "back_blocks",
                  .type = ParamType::kInteger,
                  .default_value = 0,
                  .description = "Bn: last blocks, which always run on what was reused",
                  .minimum = 0},
                 {.name = "threshold",
                  .type = ParamType::kNumber,
                  .default_value = 0.08,
                  .description = "reuses while the relative change of the first blocks' residual is below it; 0: never",
                  .minimum = 0.0},
                 {.name = "warmup",
                  .type = ParamType::kInteger,
                  .default_value = 8,
                  .description = "first places that all run whole",
                  .minimum = 0},
                 {.name = "max_cached_steps",
                  .type = ParamType::kInteger,
                  .default_value = 0,
                  .description = "most reuses of a trajectory; 0: no limit",
                  .minimum = 0},
                 {.name = "max_continuous_cached_steps",
                  .type = ParamType::kInteger,
                  .default_value = 0,
                  .description = "most reuses in a row; 0: no limit",
                  .minimum = 0},
                 {.name = "compute_mask",
                  .type = ParamType::kIntegerList,
                  .default_value = nlohmann::json::array(),
                  .description = "a 1 for each place, from the noise, that runs whole; a 0 leaves it to mask_policy",
                  .minimum = 0,
                  .maximum = 1},
                 {.name = "mask_policy",
                  .type = ParamType::kString,
                  .default_value = "dynamic",
                  .description = "places that the mask leaves: by the threshold, or reused whatever has changed",
                  .choices = {"dynamic", "static"}},
                 {.name = "granularity",
                  .type = ParamType::kString,
                  .default_value = "row",
                  .description = "each row by its own change, or the batch by the mean, as in the public code",
                  .choices = {"row", "batch_mean"}}},
      .make = make,
      .never_skip =
          [](nlohmann::json params, const Model& model) {
            fit(params, model);
            params["threshold"] = 0.0;
            params["mask_policy"] = "dynamic";
            return std::optional(std::move(params));
          },
      .skipping =
          [](nlohmann::json params, const Model& model) {
            params["front_blocks"] = 1;
            fit(params, model);
            params["threshold"] = 0.5;
            params["warmup"] = 0;
            return params;
          },
      .decides =
          [](const nlohmann::json& params) {
            return params.at("granularity") == "row" ? Decides::kRow : Decides::kBatch;
          }};
}

}  // namespace diffbench::methods::db_cache
