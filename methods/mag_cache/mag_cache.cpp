// Skips every block while the error that calibrated sizes of what the blocks do predict stays small.
#include <cmath>
#include <map>

#include "methods/caches/calibration.h"
#include "methods/caches/stretch_cache.h"
#include "methods/config/input_error.h"
#include "methods/method.h"

namespace diffbench::methods::mag_cache {
namespace {

using caches::Seen;

struct Options {
  double threshold = 0.06;
  int64_t max_skips = 3;
  double retention = 0.2;
  std::vector<double> ratios;  // by place of the plan that was calibrated
};

class Rule : public caches::ReuseRule {
 public:
  explicit Rule(Options options) : options_(std::move(options)) {}

  std::vector<bool> wants_reuse(const Seen& seen) override {
    // of a plan that nobody announced: those of the calibration
    const auto places = seen.times.count() > 0 ? seen.times.count() : static_cast<int64_t>(options_.ratios.size());
    const auto retained = static_cast<int64_t>(options_.retention * static_cast<double>(places) + 0.5);
    std::vector<bool> wants;
    for (size_t row = 0; row < seen.batch.members.size(); ++row) {
      const auto place = seen.times.place(seen.batch.t[row]);
      auto& error = errors_[seen.batch.members[row]];
      if (place < retained) {
        wants.push_back(false);
        continue;
      }
      error.ratio *= ratio_at(place, places);
      error.skips += 1;
      error.sum += std::abs(1.0 - error.ratio);
      wants.push_back(error.sum <= options_.threshold && error.skips <= options_.max_skips);
    }
    return wants;
  }

  void decided(const Seen& seen, const std::vector<bool>& reused) override {
    for (size_t row = 0; row < reused.size(); ++row) {
      if (!reused[row]) errors_[seen.batch.members[row]] = {};
    }
  }

  void forget(const std::vector<int64_t>& samples) override { forget_samples(errors_, samples); }

 private:
  // since the blocks last ran
  struct Error {
    double ratio = 1.0;
    int64_t skips = 0;
    double sum = 0.0;
  };

  // of the nearest place, where the plan has another number of them than the calibration
  double ratio_at(int64_t place, int64_t places) const {
    const auto last = static_cast<double>(options_.ratios.size() - 1);
    const double at = places == 1 ? last : static_cast<double>(place) * last / static_cast<double>(places - 1);
    return options_.ratios[static_cast<size_t>(std::min(std::nearbyint(at), last))];
  }

  Options options_;
  std::map<Member, Error> errors_;
};

std::unique_ptr<Denoiser> make(const nlohmann::json& params, const MethodContext& context) {
  Options options{.threshold = params.at("threshold"),
                  .max_skips = params.at("max_skips"),
                  .retention = params.at("retention"),
                  .ratios = params.at("ratios")};
  const auto file = params.at("calibration").get<std::string>();
  if (!file.empty()) options.ratios = caches::read_calibration(file, "mag_cache", context).ratios;
  if (options.ratios.empty()) {
    throw config::InputError(context.where +
                             ": calibration: mag_cache needs one, or `ratios`; `diffbench calibrate "
                             "--magcache` makes one");
  }
  return std::make_unique<caches::StretchCache>(context.model->network.backbone, caches::StretchEnds{},
                                                std::make_unique<Rule>(std::move(options)));
}

}  // namespace

MethodEntry entry() {
  using config::ParamType;
  return {.name = "mag_cache",
          .summary = "reuses what all blocks did while calibrated sizes of it predict a small error",
          .source = "MagCache: Ma et al., NeurIPS 2025, arXiv 2506.09045; defaults of its diffusers hook",
          .needs = "magnitude ratios from `diffbench calibrate --magcache`",
          .knob = "threshold",
          .params = {{.name = "threshold",
                      .type = ParamType::kNumber,
                      .default_value = 0.06,
                      .description = "reuses while the accumulated error is not above it",
                      .minimum = 0.0},
                     {.name = "max_skips",
                      .type = ParamType::kInteger,
                      .default_value = 3,
                      .description = "K: most reuses in a row; 0: none",
                      .minimum = 0},
                     {.name = "retention",
                      .type = ParamType::kNumber,
                      .default_value = 0.2,
                      .description = "share of the places, from the noise, that all run whole",
                      .minimum = 0.0,
                      .maximum = 1.0},
                     {.name = "ratios",
                      .type = ParamType::kNumberList,
                      .default_value = nlohmann::json::array(),
                      .description = "size of what the blocks do at each place over that before it, the first 1"},
                     {.name = "calibration",
                      .type = ParamType::kString,
                      .default_value = "",
                      .description = "file of `diffbench calibrate --magcache`, in place of `ratios`"}},
          .make = make,
          .never_skip = [](nlohmann::json params, const Model&) -> std::optional<nlohmann::json> {
            params["max_skips"] = 0;
            params["ratios"] = {1.0};
            params["calibration"] = "";
            return params;
          },
          .skipping =
              [](nlohmann::json params, const Model&) {
                params["retention"] = 0.0;
                params["ratios"] = {1.0};
                params["calibration"] = "";
                return params;
              }};
}

}  // namespace diffbench::methods::mag_cache
