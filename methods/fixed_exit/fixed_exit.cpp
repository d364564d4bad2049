// Baseline: every row leaves after the same block, whatever t.
#include "methods/config/input_error.h"
#include "methods/exits/early_exit_denoiser.h"
#include "methods/method.h"

namespace diffbench::methods::fixed_exit {
namespace {

class FixedExit : public exits::ExitPolicy {
 public:
  explicit FixedExit(int exit) : exit_(exit) {}
  std::optional<int> planned_blocks(double) const override { return exit_; }

 private:
  int exit_;
};

std::unique_ptr<Denoiser> make(const nlohmann::json& params, const MethodContext& context) {
  const auto exit = params.at("exit").get<int64_t>();
  const int blocks = context.model->network.backbone->block_count();
  if (exit > blocks) {
    throw config::InputError(context.where + ": exit: " + std::to_string(exit) + " is more than the " +
                             std::to_string(blocks) + " blocks of '" + context.model->name + "'");
  }
  return std::make_unique<exits::EarlyExitDenoiser>(context.model->network.backbone,
                                                    std::make_unique<FixedExit>(static_cast<int>(exit)));
}

}  // namespace

MethodEntry entry() {
  return {
      .name = "fixed_exit",
      .summary = "leaves after the same block at every evaluation; long skips still pending are unused",
      .source = "baseline asked for by DeeDiff's reviewers (openreview 3xHbRLymyZ)",
      .needs = "nothing; the head was trained for the last block, so quality falls fast",
      .knob = "exit",
      .params = {{.name = "exit",
                  .type = config::ParamType::kInteger,
                  .default_value = nullptr,
                  .description = "blocks to run, counted from 1",
                  .minimum = 1}},
      .make = make,
      .never_skip =
          [](nlohmann::json params, const Model& model) {
            params["exit"] = model.network.backbone->block_count();
            return std::optional(std::move(params));
          },
      .skipping =
          [](nlohmann::json params, const Model& model) {
            params["exit"] = (model.network.backbone->block_count() + 1) / 2;
            return params;
          },
      .planned_depths =
          [](const nlohmann::json& params, const MethodContext& context) {
            return std::vector<PlannedDepth>{{0.0, context.model->schedule->span(), params.at("exit")}};
          },
  };
}

}  // namespace diffbench::methods::fixed_exit
