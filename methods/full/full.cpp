// The baseline: every block, every time.
#include "methods/exits/early_exit_denoiser.h"
#include "methods/method.h"

namespace diffbench::methods::full {
namespace {

class NeverExit : public exits::ExitPolicy {
 public:
  bool asks_after(int) const override { return false; }
};

}  // namespace

MethodEntry entry() {
  return {
      .name = "full",
      .summary = "every block at every evaluation: the baseline of all speed-ups",
      .source = "the network as published",
      .needs = "nothing",
      .params = {},
      .make =
          [](const nlohmann::json&, const MethodContext& context) {
            return std::make_unique<exits::EarlyExitDenoiser>(context.model->network.backbone,
                                                              std::make_unique<NeverExit>());
          },
      .never_skip = [](nlohmann::json params, const Model&) { return std::optional(std::move(params)); },
      .planned_depths =
          [](const nlohmann::json&, const MethodContext& context) {
            const auto& model = *context.model;
            return std::vector<PlannedDepth>{{0.0, model.schedule->span(), model.network.backbone->block_count()}};
          },
  };
}

}  // namespace diffbench::methods::full
