// Attention and MLP of every block run at every n-th time; between them what they gave is extrapolated.
#include <ATen/ATen.h>

#include "methods/caches/branch_cache.h"
#include "methods/method.h"
#include "methods/taylor_seer/forecast.h"

namespace diffbench::methods::taylor_seer {
namespace {

// of DMD, as the public code has it
constexpr size_t kDmdHistory = 6;
constexpr int64_t kDmdFallbackOrder = 1;

struct Options {
  int64_t interval = 4;
  int64_t order = 2;
  int64_t warmup = 2;
  std::string basis;
  double scale = 0.5;
};

class Rule : public caches::BranchRule {
 public:
  explicit Rule(Options options) : options_(std::move(options)) {}

  bool runs(double t, const caches::Timetable& times, int64_t) const override {
    const auto place = times.place(t);
    return place < options_.warmup || (place - options_.warmup + 1) % options_.interval == 0;
  }

  size_t history() const override {
    if (options_.interval == 1) return 0;
    return options_.basis == "dmd" ? kDmdHistory : static_cast<size_t>(options_.order) + 1;
  }

  at::Tensor forecast(const std::vector<at::Tensor>& kept, const std::vector<int64_t>& places,
                      int64_t place) const override {
    if (options_.basis == "dmd") {
      const auto by_row = dmd_weights(kept, places, place);
      if (by_row.defined()) return sum_by_row(kept, by_row);
    }
    const auto weights = weights_of(places, place);
    auto sum = kept.back() * weights.back();
    for (size_t i = 0; i + 1 < kept.size(); ++i) {
      if (weights[i] != 0.0) sum.add_(kept[i], weights[i]);
    }
    return sum;
  }

 private:
  std::vector<double> weights_of(const Places& places, int64_t place) const {
    if (options_.basis == "hermite") return hermite_weights(places, place, options_.order, options_.scale);
    if (options_.basis == "adams_bashforth") return adams_bashforth_weights(places, place, options_.order);
    return taylor_weights(places, place, options_.basis == "dmd" ? kDmdFallbackOrder : options_.order);
  }

  static at::Tensor sum_by_row(const std::vector<at::Tensor>& kept, const at::Tensor& weights) {
    const auto own = weights.to(kept.front().options());
    auto sum = at::zeros_like(kept.front());
    for (size_t i = 0; i < kept.size(); ++i) {
      sum.addcmul_(kept[i], own.select(1, static_cast<int64_t>(i)).view({-1, 1, 1}));
    }
    return sum;
  }

  Options options_;
};

}  // namespace

MethodEntry entry() {
  using config::ParamType;
  return {.name = "taylor_seer",
          .summary = "every n-th time runs whole; between them what attention and MLP gave is extrapolated",
          .source =
              "TaylorSeer: Liu et al., ICCV 2025, arXiv 2503.06923; HiCache 2508.16984, AB-Cache 2504.10540, "
              "DMD of vipshop/cache-dit",
          .needs = "nothing",
          .knob = "interval",
          .params = {{.name = "interval",
                      .type = ParamType::kInteger,
                      .default_value = 4,
                      .description = "times from one whole evaluation to the next; 1: all of them",
                      .minimum = 1},
                     {.name = "order",
                      .type = ParamType::kInteger,
                      .default_value = 4,
                      .description = "of the extrapolation: how many differences it uses; 0: what was kept, as it was",
                      .minimum = 0,
                      .maximum = 8},
                     {.name = "warmup",
                      .type = ParamType::kInteger,
                      .default_value = 2,
                      .description = "first places that all run whole",
                      .minimum = 1},
                     {.name = "basis",
                      .type = ParamType::kString,
                      .default_value = "taylor",
                      .description = "powers of the distance; scaled Hermite polynomials (HiCache); the polynomial "
                                     "through what was kept (AB-Cache); exponentials (DMD)",
                      .choices = {"taylor", "hermite", "adams_bashforth", "dmd"}},
                     {.name = "scale",
                      .type = ParamType::kNumber,
                      .default_value = 0.5,
                      .description = "basis = hermite: factor of distance and of each order",
                      .minimum = 0.0}},
          .make = [](const nlohmann::json& params, const MethodContext& context) -> std::unique_ptr<Denoiser> {
            return caches::make_branch_cache(context, std::make_unique<Rule>(Options{.interval = params.at("interval"),
                                                                                     .order = params.at("order"),
                                                                                     .warmup = params.at("warmup"),
                                                                                     .basis = params.at("basis"),
                                                                                     .scale = params.at("scale")}));
          },
          .never_skip = [](nlohmann::json params, const Model& model) -> std::optional<nlohmann::json> {
            if (!model.network.backbone->has_branches()) return std::nullopt;
            params["interval"] = 1;
            return params;
          }};
}

}  // namespace diffbench::methods::taylor_seer
