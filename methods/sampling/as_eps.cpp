#include "methods/sampling/as_eps.h"

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "methods/sampling/plan_executor.h"

namespace diffbench {
namespace {

class AsEps : public Denoiser {
 public:
  AsEps(std::unique_ptr<Denoiser> inner, const Model& model)
      : inner_(std::move(inner)),
        prediction_(model.network.prediction),
        channels_(model.network.channels),
        schedule_(model.schedule) {}

  nlohmann::json prepare(const PrepareRequest& request, const nlohmann::json& given) override {
    return inner_->prepare(request, given);
  }
  void begin(const std::vector<int64_t>& samples) override { inner_->begin(samples); }
  void end(const std::vector<int64_t>& samples) override { inner_->end(samples); }
  void couple_halves(bool coupled) override { inner_->couple_halves(coupled); }

  at::Tensor predict(const Batch& batch, EvaluationTrace& trace) override {
    const auto output = inner_->predict(batch, trace);
    std::vector<double> of_output;
    std::vector<double> of_input;
    for (const double t : batch.t) {
      const auto form = backbones::eps_form(prediction_, *schedule_, t);
      of_output.push_back(form.output);
      of_input.push_back(form.input);
    }
    const auto eps = output.narrow(1, 0, channels_) * per_row(output, of_output) + batch.x * per_row(batch.x, of_input);
    const int64_t more = output.size(1) - channels_;  // v, the place of the log variance, is no prediction of the data
    return more == 0 ? eps : at::cat({eps, output.narrow(1, channels_, more)}, 1);
  }

 private:
  std::unique_ptr<Denoiser> inner_;
  backbones::Prediction prediction_;
  int64_t channels_;
  std::shared_ptr<const solvers::NoiseSchedule> schedule_;
};

}  // namespace

std::unique_ptr<Denoiser> as_eps(std::unique_ptr<Denoiser> inner, const Model& model) {
  if (model.network.prediction == backbones::Prediction::kEps) {
    return inner;
  }
  return std::make_unique<AsEps>(std::move(inner), model);
}

}  // namespace diffbench
