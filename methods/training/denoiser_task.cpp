// Noise prediction (Ho et al., NeurIPS 2020, arXiv 2006.11239, eq. 14): mean |eps - eps_theta(x_t, t, y)|^2, t uniform;
// x0, v or x at t - 1 in place of eps where model.toml's `prediction` says so. With `exit_depths` it is ASE's
// fine-tuning (arXiv 2408.05927, algorithm 1): row by row only the blocks up to S(t) run, the rest leave what they
// leave at sampling time; the averaged weights are the teacher that is kept. lambda(t) is 1, as in the authors' code,
// or `time_weights`.
#include "methods/training/denoiser_task.h"

#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include "methods/exits/early_exit_denoiser.h"
#include "methods/model/checkpoint.h"
#include "methods/static_schedule/depth_schedule.h"
#include "methods/training/autocast.h"
#include "methods/training/denoising.h"

namespace diffbench::training {
namespace {

class DenoiserTask : public Task {
 public:
  explicit DenoiserTask(const Recipe& recipe)
      : recipe_(recipe),
        denoising_(recipe),
        policy_(depths_of(recipe, denoising_.backbone()), denoising_.schedule(), denoising_.backbone(),
                recipe.file.string() + ": [denoiser] exit_depths") {
    recipe.toml.reject_unknown_keys();
  }

  std::map<std::string, at::Tensor> parameters() const override { return denoising_.trained(); }

  at::Tensor loss(int64_t step) override {
    const auto batch = denoising_.batch(step);
    const Autocast autocast(denoising_.compute().device.type(), recipe_.precision == "bf16");
    EvaluationTrace trace;
    const auto predicted =
        exits::run_with_exits(denoising_.backbone(), policy_, compaction_,
                              {batch.x, batch.t, batch.labels, numbered_members(batch.x.size(0))}, trace);
    return denoising_.loss(predicted, batch, recipe_.time_weights.empty() ? at::Tensor() : weights(batch.t));
  }

  std::string finish() override { return "wrote " + denoising_.save().string(); }

 private:
  static std::vector<int64_t> depths_of(const Recipe& recipe, const backbones::Backbone& backbone) {
    return recipe.exit_depths.empty() ? std::vector<int64_t>{backbone.block_count()} : recipe.exit_depths;
  }

  // lambda(t) [B,1,1,1]
  at::Tensor weights(const std::vector<double>& t) const {
    const auto bins = recipe_.time_weights.size();
    const double times_per_bin = denoising_.schedule().span() / static_cast<double>(bins);
    std::vector<float> values;
    for (const double time : t) {
      const auto bin = std::min(static_cast<size_t>(time / times_per_bin), bins - 1);
      values.push_back(static_cast<float>(recipe_.time_weights[bin]));
    }
    return at::tensor(values, at::TensorOptions(at::kFloat)).reshape({-1, 1, 1, 1});
  }

  Recipe recipe_;
  Denoising denoising_;
  methods::static_schedule::DepthSchedule policy_;
  exits::CompactionRule compaction_{exits::Compaction::kAlways};
};

}  // namespace

std::unique_ptr<Task> make_denoiser_task(const Recipe& recipe) { return std::make_unique<DenoiserTask>(recipe); }

}  // namespace diffbench::training
