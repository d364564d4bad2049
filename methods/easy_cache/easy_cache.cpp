// Skips the network for rows whose output, by how it last followed the input, has changed little.
#include <ATen/ATen.h>

#include <map>

#include "methods/caches/timetable.h"
#include "methods/method.h"
#include "methods/registry.h"
#include "methods/sampling/row_groups.h"
#include "methods/sampling/row_memory.h"

namespace diffbench::methods::easy_cache {
namespace {

// mean of the absolute values of each row, on the host
std::vector<double> sizes(const at::Tensor& rows) {
  const auto means = rows.to(at::kDouble).abs().flatten(1).mean(1).cpu();
  return {means.const_data_ptr<double>(), means.const_data_ptr<double>() + means.numel()};
}

class EasyCache : public Denoiser {
 public:
  EasyCache(std::unique_ptr<Denoiser> network, double threshold, int64_t warmup, int64_t channels)
      : network_(std::move(network)), threshold_(threshold), warmup_(warmup), channels_(channels) {}

  nlohmann::json prepare(const PrepareRequest& request, const nlohmann::json& given) override {
    times_.prepare(request.times);
    return network_->prepare(request, given);
  }
  void begin(const std::vector<int64_t>& samples) override {
    forget(samples);
    network_->begin(samples);
  }
  void end(const std::vector<int64_t>& samples) override {
    forget(samples);
    network_->end(samples);
  }
  void couple_halves(bool coupled) override {
    coupled_halves_ = coupled;
    network_->couple_halves(coupled);
  }

  at::Tensor predict(const Batch& batch, EvaluationTrace& trace) override {
    times_.meet(batch.t);
    const size_t rows = batch.members.size();
    auto reuses = wants_reuse(batch);
    for (size_t row = 0, half = rows / 2; coupled_halves_ && row < half; ++row) {
      reuses[row] = reuses[row + half] = reuses[row] && reuses[row + half];
    }
    inputs_.keep(batch.members, {batch.x.clone()});  // solvers write into their state
    const auto groups = split_rows(rows, [&](size_t row) { return reuses[row]; });
    const auto eps = predict_in_groups(groups, batch, [&](size_t group, const Batch& own) {
      return group == 0 ? reuse(own, trace) : compute(own, trace);
    });
    trace.t = batch.t.front();
    return eps;
  }

 private:
  static constexpr size_t kAdded = 0;   // output - input, [rows, C or 2C, H, W]; v of learned sigma as it was
  static constexpr size_t kInput = 1;   // of that evaluation
  static constexpr size_t kOutput = 2;  // its first C channels
  struct State {
    double rate = -1.0;        // change of the output over change of the input; below 0: not known yet
    double output_size = 0.0;  // where it last computed
    double accumulated = 0.0;
  };

  std::vector<bool> wants_reuse(const Batch& batch) {
    std::vector<bool> wants(batch.members.size(), false);
    const auto known = split_rows(wants.size(), [&](size_t row) { return states_.contains(batch.members[row]); })[0];
    if (known.empty()) return wants;
    const auto own = batch.select(known);
    const auto change = sizes(own.x - inputs_.recall(own.members).front());
    for (size_t i = 0; i < known.size(); ++i) {
      auto& state = states_[own.members[i]];
      const bool forced = times_.place(own.t[i]) < warmup_ || times_.is_last(own.t[i]) || state.rate < 0.0;
      if (!forced) state.accumulated += state.rate * change[i] / state.output_size;
      wants[static_cast<size_t>(known[i])] = !forced && state.accumulated < threshold_;
    }
    return wants;
  }

  at::Tensor reuse(const Batch& batch, EvaluationTrace& trace) {
    const auto rows = static_cast<int64_t>(batch.members.size());
    trace.rows += rows;
    trace.exit_count.resize(std::max<size_t>(trace.exit_count.size(), 1));
    trace.exit_count[0] += rows;
    auto eps = computed_.recall(batch.members)[kAdded].clone();
    eps.narrow(1, 0, channels_).add_(batch.x);
    return eps;
  }

  at::Tensor compute(const Batch& batch, EvaluationTrace& trace) {
    const auto eps = network_->predict(batch, trace);
    const auto output = eps.narrow(1, 0, channels_);
    const auto size = sizes(output);
    const auto known = split_rows(size.size(), [&](size_t row) { return states_.contains(batch.members[row]); })[0];
    if (!known.empty()) {
      const auto own = batch.select(known);
      const auto& before = computed_.recall(own.members);
      const auto index = row_index(known, eps.device());
      const auto output_change = sizes(output.index_select(0, index) - before[kOutput]);
      const auto input_change = sizes(own.x - before[kInput]);
      for (size_t i = 0; i < known.size(); ++i) states_[own.members[i]].rate = output_change[i] / input_change[i];
    }
    for (size_t row = 0; row < size.size(); ++row) {
      auto& state = states_[batch.members[row]];
      state.output_size = size[row];
      state.accumulated = 0.0;
    }
    auto added = eps.clone();
    added.narrow(1, 0, channels_).sub_(batch.x);
    computed_.keep(batch.members, {added, batch.x.clone(), output});
    return eps;
  }

  void forget(const std::vector<int64_t>& samples) {
    inputs_.forget(samples);
    computed_.forget(samples);
    forget_samples(states_, samples);
  }

  std::unique_ptr<Denoiser> network_;
  double threshold_;
  int64_t warmup_;
  int64_t channels_;
  caches::Timetable times_;
  bool coupled_halves_ = false;
  RowMemory inputs_;    // of the last evaluation, computed or not
  RowMemory computed_;  // of the last one that ran
  std::map<Member, State> states_;
};

}  // namespace

MethodEntry entry() {
  using config::ParamType;
  return {.name = "easy_cache",
          .summary = "adds what the network last added to its input while the output is estimated to change little",
          .source = "EasyCache: Zhou et al., 2025, arXiv 2507.02860",
          .needs = "nothing",
          .knob = "threshold",
          .params = {{.name = "threshold",
                      .type = ParamType::kNumber,
                      .default_value = 0.025,
                      .description = "reuses while the accumulated relative change is below it; 0: never",
                      .minimum = 0.0},
                     {.name = "warmup",
                      .type = ParamType::kInteger,
                      .default_value = 10,
                      .description = "first places that all run",
                      .minimum = 0}},
          .make = [](const nlohmann::json& params, const MethodContext& context) -> std::unique_ptr<Denoiser> {
            return std::make_unique<EasyCache>(
                find_method("full", context.where).make(nlohmann::json::object(), context), params.at("threshold"),
                params.at("warmup"), context.model->network.channels);
          },
          .never_skip = [](nlohmann::json params, const Model&) -> std::optional<nlohmann::json> {
            params["threshold"] = 0.0;
            return params;
          },
          .skipping =
              [](nlohmann::json params, const Model&) {
                params["threshold"] = 0.5;
                params["warmup"] = 0;
                return params;
              },
          .decides = [](const nlohmann::json&) { return Decides::kRow; }};
}

}  // namespace diffbench::methods::easy_cache
