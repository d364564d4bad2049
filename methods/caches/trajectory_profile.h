#pragma once
// What whole trajectories show of a network's changes from place to place: what caches are calibrated from.
//
//   TrajectoryProfile profile;
//   ProfilingDenoiser denoiser(backbone, channels, profile);        // equals `full`, and takes notes
//   sampler.run(denoiser, noise, labels, trace);                    // again and again
//   const auto coefficients = fit_polynomial(profile.input_change, profile.output_change, 4);
//
// A second evaluation at a place is not looked at. Under guidance both halves are.

#include <vector>

#include "methods/backbones/backbone.h"
#include "methods/caches/timetable.h"
#include "methods/sampling/denoiser.h"

namespace diffbench::caches {

struct TrajectoryProfile {
  // of each row and each place but the first, one after the other: relative change of the first block's normed input,
  // and of eps
  std::vector<double> input_change;
  std::vector<double> output_change;
  // by place, summed over rows: |what the blocks did| over that at the place before, the mean over tokens, as MagCache
  // has it; 1 at the first
  std::vector<double> magnitude_ratio;
  // [attention or MLP][lag - 1][place]: |output there - output `lag` places later| over |the later|, the mean over
  // blocks, summed over rows (SmoothCache; its code takes a batch for one row)
  std::vector<std::vector<std::vector<double>>> branch_change;
  int64_t rows = 0;  // that were seen
};

class ProfilingDenoiser : public Denoiser {
 public:
  // lags: how far back branches are compared
  ProfilingDenoiser(std::shared_ptr<backbones::Backbone> backbone, int64_t channels, int64_t lags,
                    TrajectoryProfile& profile)
      : backbone_(std::move(backbone)), channels_(channels), lags_(lags), profile_(profile) {}

  nlohmann::json prepare(const PrepareRequest& request, const nlohmann::json& given) override;
  void begin(const std::vector<int64_t>&) override { seen_.clear(); }
  at::Tensor predict(const Batch& batch, EvaluationTrace& trace) override;

 private:
  // of one evaluation
  struct Notes {
    at::Tensor input;                  // [rows, L, D]
    at::Tensor residual;               // [rows, L, D] what all blocks did
    at::Tensor eps;                    // [rows, C, H, W]
    std::vector<at::Tensor> branches;  // [rows, L, D] each
  };

  void compare(size_t place, const Notes& now);

  std::shared_ptr<backbones::Backbone> backbone_;
  int64_t channels_;
  int64_t lags_;
  TrajectoryProfile& profile_;
  Timetable times_;
  std::vector<Notes> seen_;  // by place
};

// least squares, highest power first
std::vector<double> fit_polynomial(const std::vector<double>& x, const std::vector<double>& y, int64_t degree);

// SmoothCache's timetable of one kind of branch from its mean changes [lag - 1][place]: from each place on as many are
// skipped as lie, the farthest first, within the threshold; the first and the last run. By place, true: runs.
std::vector<bool> smooth_timetable(const std::vector<std::vector<double>>& change, double threshold, int64_t places);

}  // namespace diffbench::caches
