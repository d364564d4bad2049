// Skips all blocks but the first for rows on which the first does nearly what it did when the rest last ran.
#include "methods/caches/residual_rule.h"
#include "methods/method.h"

namespace diffbench::methods::first_block_cache {

MethodEntry entry() {
  using config::ParamType;
  return {
      .name = "first_block_cache",
      .summary = "reuses what the other blocks did while the first block's effect changes little",
      .source = "first-block cache of ParaAttention and diffusers, after TeaCache: arXiv 2411.19108",
      .needs = "nothing",
      .knob = "threshold",
      .params = {{.name = "threshold",
                  .type = ParamType::kNumber,
                  .default_value = 0.1,
                  .description = "reuses while the relative change of the first block's residual is below it; 0: never",
                  .minimum = 0.0},
                 {.name = "max_reuses",
                  .type = ParamType::kInteger,
                  .default_value = 0,
                  .description = "most evaluations in a row that reuse; 0: no limit",
                  .minimum = 0},
                 {.name = "granularity",
                  .type = ParamType::kString,
                  .default_value = "row",
                  .description = "each row by its own change, or the batch by the mean, as in the public code",
                  .choices = {"row", "batch_mean"}}},
      .make = [](const nlohmann::json& params, const MethodContext& context) -> std::unique_ptr<Denoiser> {
        return std::make_unique<caches::StretchCache>(
            context.model->network.backbone, caches::StretchEnds{.front = 1},
            std::make_unique<caches::ResidualRule>(
                caches::ResidualRule::Options{.threshold = params.at("threshold"),
                                              .max_in_a_row = params.at("max_reuses"),
                                              .by_row = params.at("granularity") == "row"}));
      },
      .never_skip =
          [](nlohmann::json params, const Model&) {
            params["threshold"] = 0.0;
            return std::optional(std::move(params));
          },
      .skipping =
          [](nlohmann::json params, const Model&) {
            params["threshold"] = 0.5;
            return params;
          },
      .decides =
          [](const nlohmann::json& params) {
            return params.at("granularity") == "row" ? Decides::kRow : Decides::kBatch;
          }};
}

}  // namespace diffbench::methods::first_block_cache
