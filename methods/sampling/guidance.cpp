#include "methods/sampling/guidance.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "methods/config/input_error.h"
#include "methods/sampling/row_groups.h"

namespace diffbench {
namespace {

class GuidedDenoiser : public Denoiser {
 public:
  GuidedDenoiser(std::unique_ptr<Denoiser> inner, const Guidance& guidance, const backbones::Network& network)
      : inner_(std::move(inner)),
        guidance_(guidance),
        null_label_(network.classes),
        channels_(network.guidance_channels > 0 ? network.guidance_channels : network.channels) {
    inner_->couple_halves(guidance.joint_exits);
  }

  nlohmann::json prepare(const PrepareRequest& request, const nlohmann::json& given) override {
    auto inner = request;
    if (std::any_of(request.times.begin(), request.times.end(), [&](double t) { return guidance_.active_at(t); })) {
      inner.rows *= 2;
    }
    return inner_->prepare(inner, given);
  }
  void begin(const std::vector<int64_t>& samples) override { inner_->begin(samples); }
  void end(const std::vector<int64_t>& samples) override { inner_->end(samples); }
  void couple_halves(bool) override {}  // the halves are made here

  at::Tensor predict(const Batch& batch, EvaluationTrace& trace) override {
    // outside the interval, or where a batch holds rows of both kinds, part of the rows run without guidance
    const auto groups = split_rows(batch.t.size(), [&](size_t row) { return guidance_.active_at(batch.t[row]); });
    const auto eps = predict_in_groups(groups, batch, [&](size_t group, const Batch& own) {
      return group == 0 ? predict_guided(own, trace) : predict_plain(own, trace);
    });
    trace.t = batch.t.front();
    return eps;
  }

 private:
  at::Tensor predict_plain(const Batch& batch, EvaluationTrace& trace) {
    inner_->couple_halves(false);
    auto eps = inner_->predict(batch, trace);
    inner_->couple_halves(guidance_.joint_exits);
    return eps;
  }

  at::Tensor predict_guided(const Batch& batch, EvaluationTrace& trace) {
    Batch pairs{at::cat({batch.x, batch.x}), batch.t, {}, batch.members};
    if (batch.context.defined()) {
      pairs.context = at::cat({batch.context, guidance_.null_context.to(batch.context).expand_as(batch.context)});
    } else {
      pairs.labels = at::cat({batch.labels, at::full_like(batch.labels, null_label_)});
    }
    pairs.t.insert(pairs.t.end(), batch.t.begin(), batch.t.end());
    for (const auto& member : batch.members) {
      pairs.members.push_back({.sample = member.sample, .unconditional = true});
    }
    const auto both = inner_->predict(pairs, trace);
    const auto halves = both.chunk(2);
    // v of a network with learned sigma, and channels that are not guided, are the labelled half's, as DiT does
    auto result = halves[0].clone();
    const auto null_eps = halves[1].narrow(1, 0, channels_);
    auto eps = result.narrow(1, 0, channels_);
    eps.sub_(null_eps).mul_(guidance_.scale).add_(null_eps);
    return result;
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
  if (model.network.context_tokens > 0) {
    if (!guidance.null_context.defined()) {
      throw config::InputError(where + ": needs the features of an empty text: tensor null_context of --context");
    }
    return std::make_unique<GuidedDenoiser>(std::move(inner), guidance, model.network);
  }
  if (model.network.classes == 0) {
    throw config::InputError(where + ": '" + model.name + "' is unconditional; guidance needs a network with classes");
  }
  if (!model.network.null_label) {
    throw config::InputError(where + ": '" + model.name +
                             "' has no null label (null_label = false); guidance needs what the network says without a "
                             "class");
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
