#include "methods/guidance.h"

#include <ATen/ATen.h>

#include <cmath>

#include "methods/config/input_error.h"

namespace diffbench {
namespace {

class GuidedDenoiser : public Denoiser {
 public:
  GuidedDenoiser(std::unique_ptr<Denoiser> inner, const Guidance& guidance, const backbones::Network& network)
      : inner_(std::move(inner)), guidance_(guidance), null_label_(network.classes), channels_(network.channels) {
    inner_->couple_halves(guidance.joint_exits);
  }

  void begin() override { inner_->begin(); }
  void couple_halves(bool) override {}  // the halves are made here

  at::Tensor predict(const at::Tensor& x, const std::vector<double>& t, const at::Tensor& labels,
                     EvaluationTrace& trace) override {
    std::vector<int64_t> guided;
    for (size_t row = 0; row < t.size(); ++row) {
      if (guidance_.active_at(t[row])) {
        guided.push_back(static_cast<int64_t>(row));
      }
    }
    if (guided.empty()) {
      inner_->couple_halves(false);
      auto eps = inner_->predict(x, t, labels, trace);
      inner_->couple_halves(guidance_.joint_exits);
      return eps;
    }
    if (guided.size() == t.size()) {
      return predict_guided(x, t, labels, trace);
    }
    return predict_mixed(x, t, labels, guided, trace);
  }

 private:
  at::Tensor predict_guided(const at::Tensor& x, const std::vector<double>& t, const at::Tensor& labels,
                            EvaluationTrace& trace) {
    auto times = t;
    times.insert(times.end(), t.begin(), t.end());
    const auto both =
        inner_->predict(at::cat({x, x}), times, at::cat({labels, at::full_like(labels, null_label_)}), trace);
    const auto halves = both.chunk(2);
    // v of a network with learned sigma is taken from the labelled half, as DiT does
    auto result = halves[0].clone();
    const auto null_eps = halves[1].narrow(1, 0, channels_);
    auto eps = result.narrow(1, 0, channels_);
    eps.sub_(null_eps).mul_(guidance_.scale).add_(null_eps);
    return result;
  }

  // rows inside and outside the interval: a batch whose rows stand at different steps
  at::Tensor predict_mixed(const at::Tensor& x, const std::vector<double>& t, const at::Tensor& labels,
                           const std::vector<int64_t>& guided, EvaluationTrace& trace) {
    at::Tensor eps;
    std::vector<int64_t> plain;
    for (size_t row = 0; row < t.size(); ++row) {
      if (!guidance_.active_at(t[row])) {
        plain.push_back(static_cast<int64_t>(row));
      }
    }
    for (const std::vector<int64_t>* rows : {&guided, static_cast<const std::vector<int64_t>*>(&plain)}) {
      const auto index = at::tensor(*rows, at::TensorOptions(at::kLong)).to(x.device());
      std::vector<double> times;
      for (const int64_t row : *rows) {
        times.push_back(t[static_cast<size_t>(row)]);
      }
      const auto own = predict(x.index_select(0, index), times, labels.index_select(0, index), trace);
      if (!eps.defined()) {
        eps = at::empty({x.size(0), own.size(1), own.size(2), own.size(3)}, own.options());
      }
      eps.index_copy_(0, index, own);
    }
    trace.t = t.front();
    return eps;
  }

  std::unique_ptr<Denoiser> inner_;
  Guidance guidance_;
  int64_t null_label_;
  int64_t channels_;
};

}  // namespace

std::unique_ptr<Denoiser> guide(std::unique_ptr<Denoiser> inner, const Guidance& guidance, const Model& model,
                                const std::string& where) {
  if (!std::isfinite(guidance.scale)) {
    throw config::InputError(where + ": the scale must be finite");
  }
  if (guidance.scale == 1.0) {
    return inner;
  }
  if (model.network.classes == 0) {
    throw config::InputError(where + ": '" + model.name + "' is unconditional; guidance needs a network with classes");
  }
  return std::make_unique<GuidedDenoiser>(std::move(inner), guidance, model.network);
}

void set_interval(Guidance& guidance, const std::vector<double>& interval, const std::string& where) {
  if (interval.empty()) {
    return;
  }
  if (interval.size() != 2 || !(interval[0] <= interval[1])) {
    throw config::InputError(where + ": must be two times, the smaller first, such as 0,700");
  }
  guidance.from_t = interval[0];
  guidance.to_t = interval[1];
}

}  // namespace diffbench
