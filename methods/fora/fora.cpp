// FORA: attention and MLP of every block are kept at every n-th time and gated anew at the others.
#include "methods/caches/branch_cache.h"
#include "methods/config/input_error.h"
#include "methods/method.h"

namespace diffbench::methods::fora {
namespace {

class Rule : public caches::BranchRule {
 public:
  explicit Rule(int64_t interval) : interval_(interval) {}
  bool runs(double t, const caches::Timetable& times, int64_t) const override {
    return times.place(t) % interval_ == 0 || times.is_last(t);
  }
  size_t history() const override { return interval_ > 1 ? 1 : 0; }

 private:
  int64_t interval_;
};

}  // namespace

MethodEntry entry() {
  return {
      .name = "fora",
      .summary = "every n-th time runs whole; between them attention and MLP give again what they gave, newly gated",
      .source = "FORA: Selvaraju et al., 2024, arXiv 2407.01425",
      .needs = "nothing",
      .knob = "interval",
      .params = {{.name = "interval",
                  .type = config::ParamType::kInteger,
                  .default_value = 3,
                  .description = "times from one whole evaluation to the next; 1: all of them",
                  .minimum = 1}},
      .make = [](const nlohmann::json& params, const MethodContext& context) -> std::unique_ptr<Denoiser> {
        return caches::make_branch_cache(context, std::make_unique<Rule>(params.at("interval")));
      },
      .never_skip = [](nlohmann::json params, const Model& model) -> std::optional<nlohmann::json> {
        if (!model.network.backbone->has_branches()) return std::nullopt;
        params["interval"] = 1;
        return params;
      }};
}

}  // namespace diffbench::methods::fora
