// ASE's static exit schedule: how deep to go is a function of t alone, the same for all samples.
#include "methods/config/input_error.h"
#include "methods/exits/early_exit_denoiser.h"
#include "methods/method.h"
#include "methods/static_schedule/depth_schedule.h"

namespace diffbench::methods::static_schedule {
namespace {

std::vector<int64_t> depths_of(const nlohmann::json& params, const backbones::Backbone& backbone) {
  auto depths = params.at("depths").get<std::vector<int64_t>>();
  if (depths.empty()) {
    depths = named_depths(params.at("schedule"), backbone.block_count(),
                          std::min(backbone.min_bypass_depth(), backbone.block_count()));
  }
  return depths;
}

std::unique_ptr<Denoiser> make(const nlohmann::json& params, const MethodContext& context) {
  const auto& backbone = context.model->network.backbone;
  return std::make_unique<exits::EarlyExitDenoiser>(
      backbone, std::make_unique<DepthSchedule>(depths_of(params, *backbone), *context.model->schedule, *backbone,
                                                context.where + ": depths"));
}

std::vector<PlannedDepth> planned_depths(const nlohmann::json& params, const MethodContext& context) {
  const auto depths = depths_of(params, *context.model->network.backbone);
  const double bins = static_cast<double>(depths.size());
  const double span = context.model->schedule->span();
  std::vector<PlannedDepth> planned;
  for (size_t bin = 0; bin < depths.size(); ++bin) {
    const auto from = static_cast<double>(bin);
    planned.push_back({from * span / bins, (from + 1.0) * span / bins, depths[bin]});
  }
  return planned;
}

}  // namespace

MethodEntry entry() {
  return {
      .name = "static_schedule",
      .summary = "runs S(t) blocks, fewer for noisier inputs; the U-ViT keeps skip_linear of dropped decoder blocks",
      .source = "ASE: Moon et al., ICML 2024, arXiv 2408.05927",
      .needs = "a checkpoint fine-tuned under the schedule (recipe with exit_depths); runs on any, at lower quality",
      .knob = "schedule",
      .params = {{.name = "depths",
                  .type = config::ParamType::kIntegerList,
                  .default_value = nlohmann::json::array(),
                  .description =
                      "S(t): blocks to run in equal bins of t, from data to noise; empty: the named `schedule`",
                  .minimum = 1},
                 {.name = "schedule",
                  .type = config::ParamType::kString,
                  .default_value = "demo",
                  .description = "a schedule for any depth: demo is the authors', light drops half as much, heavy more",
                  .choices = schedule_names()}},
      .make = make,
      .never_skip =
          [](nlohmann::json params, const Model& model) {
            params["depths"] = {model.network.backbone->block_count()};
            return std::optional(std::move(params));
          },
      .planned_depths = planned_depths,
  };
}

}  // namespace diffbench::methods::static_schedule
