// Skips every block for rows whose modulated input has changed little, by a polynomial's estimate, since the blocks
// last ran.
#include <map>

#include "methods/caches/calibration.h"
#include "methods/caches/stretch_cache.h"
#include "methods/config/input_error.h"
#include "methods/method.h"

namespace diffbench::methods::tea_cache {
namespace {

using caches::Seen;

class Rule : public caches::ReuseRule {
 public:
  // coefficients: of the polynomial, highest power first
  Rule(double threshold, std::vector<double> coefficients)
      : threshold_(threshold), coefficients_(std::move(coefficients)) {}

  std::vector<bool> wants_reuse(const Seen& seen) override {
    const auto& members = seen.batch.members;
    signal_ = seen.backbone.branch_input(0, backbones::Branch::attention, seen.hidden);
    const auto change = caches::change_since(signals_, members, signal_);
    std::vector<bool> wants;
    for (size_t row = 0; row < members.size(); ++row) {
      auto& accumulated = accumulated_[members[row]];
      accumulated += estimate(change[row]);
      wants.push_back(accumulated < threshold_ && !seen.times.is_last(seen.batch.t[row]));
    }
    return wants;
  }

  void decided(const Seen& seen, const std::vector<bool>& reused) override {
    signals_.keep(seen.batch.members, {signal_});
    for (size_t row = 0; row < reused.size(); ++row) {
      if (!reused[row]) accumulated_[seen.batch.members[row]] = 0.0;
    }
  }

  void forget(const std::vector<int64_t>& samples) override {
    signals_.forget(samples);
    forget_samples(accumulated_, samples);
  }

  // the shift and scale of a modulated network; a norm alone counts nothing
  double probe_flops(const backbones::Backbone& backbone) const override { return backbone.frame_cost(0).flops; }

 private:
  double estimate(double change) const {
    double value = 0.0;
    for (const double coefficient : coefficients_) value = value * change + coefficient;
    return value;
  }

  double threshold_;
  std::vector<double> coefficients_;
  at::Tensor signal_;
  RowMemory signals_;  // of the last evaluation, computed or not, [rows, L, D]
  std::map<Member, double> accumulated_;
};

std::unique_ptr<Denoiser> make(const nlohmann::json& params, const MethodContext& context) {
  const auto& backbone = context.model->network.backbone;
  if (!backbone->has_branches()) {
    throw config::InputError(context.where + ": the network of '" + context.model->name +
                             "' has no input of its first block to compare");
  }
  auto coefficients = params.at("coefficients").get<std::vector<double>>();
  const auto file = params.at("calibration").get<std::string>();
  if (!file.empty()) coefficients = caches::read_calibration(file, "tea_cache", context).coefficients;
  return std::make_unique<caches::StretchCache>(backbone, caches::StretchEnds{},
                                                std::make_unique<Rule>(params.at("threshold"), coefficients));
}

}  // namespace

MethodEntry entry() {
  using config::ParamType;
  return {
      .name = "tea_cache",
      .summary = "reuses what all blocks did while an estimate of their output's change stays small",
      .source = "TeaCache: Liu et al., CVPR 2025, arXiv 2411.19108",
      .needs = "nothing; better with a polynomial from `diffbench calibrate --teacache`",
      .knob = "threshold",
      .params = {{.name = "threshold",
                  .type = ParamType::kNumber,
                  .default_value = 0.25,
                  .description = "reuses while the accumulated estimate is below it; 0: never",
                  .minimum = 0.0},
                 {.name = "coefficients",
                  .type = ParamType::kNumberList,
                  .default_value = {1.0, 0.0},
                  .description = "polynomial from the input's relative change to the output's, highest power first"},
                 {.name = "calibration",
                  .type = ParamType::kString,
                  .default_value = "",
                  .description = "file of `diffbench calibrate --teacache`, in place of `coefficients`"}},
      .make = make,
      .never_skip = [](nlohmann::json params, const Model& model) -> std::optional<nlohmann::json> {
        if (!model.network.backbone->has_branches()) return std::nullopt;
        params["threshold"] = 0.0;
        // an estimate below zero would reuse all the same
        params["coefficients"] = {1.0, 0.0};
        params["calibration"] = "";
        return params;
      },
      .skipping =
          [](nlohmann::json params, const Model&) {
            params["threshold"] = 0.5;
            return params;
          },
      .decides = [](const nlohmann::json&) { return Decides::kRow; }};
}

}  // namespace diffbench::methods::tea_cache
