// A method with memory: the network runs at every `every`-th evaluation of a sample, and between them the sample keeps
// the noise that was predicted for it last.
#include <ATen/ATen.h>

#include <map>

#include "methods/plugin/plugin.h"
#include "methods/registry.h"
#include "methods/sampling/row_groups.h"
#include "methods/sampling/row_memory.h"

namespace skip_evaluations {

using namespace diffbench;

class SkipEvaluations : public Denoiser {
 public:
  SkipEvaluations(std::unique_ptr<Denoiser> network, int64_t every) : network_(std::move(network)), every_(every) {}

  nlohmann::json prepare(const PrepareRequest& request, const nlohmann::json& given) override {
    return network_->prepare(request, given);
  }

  // A new trajectory of these samples: what was kept of the last one would be another image's noise. The check before
  // each run fails a method that forgets to forget.
  void begin(const std::vector<int64_t>& samples) override {
    network_->begin(samples);
    forget(samples);
  }
  void end(const std::vector<int64_t>& samples) override {
    network_->end(samples);
    forget(samples);
  }
  void couple_halves(bool coupled) override { network_->couple_halves(coupled); }

  // Kept by member, not by place: rows may join, leave and change places between calls, and under guidance the two
  // halves of a sample are two members. Both count alike, so they skip together.
  at::Tensor predict(const Batch& batch, EvaluationTrace& trace) override {
    const auto groups = split_rows(batch.members.size(), [&](size_t row) { return due(batch.members[row]); });
    trace.t = batch.t.front();
    return predict_in_groups(groups, batch, [&](size_t group, const Batch& own) {
      for (const Member& member : own.members) ++evaluations_[member];
      if (group == 1) return reuse(own, trace);
      const auto eps = network_->predict(own, trace);
      memory_.keep(own.members, {eps});
      return eps;
    });
  }

 private:
  bool due(const Member& member) { return evaluations_[member] % every_ == 0; }

  // no block ran for these rows, and the trace says so: theory is computed from it
  at::Tensor reuse(const Batch& own, EvaluationTrace& trace) {
    const auto rows = static_cast<int64_t>(own.members.size());
    trace.rows += rows;
    if (trace.exit_count.empty()) trace.exit_count.resize(1);
    trace.exit_count[0] += rows;
    return memory_.recall(own.members)[0];
  }

  void forget(const std::vector<int64_t>& samples) {
    memory_.forget(samples);
    forget_samples(evaluations_, samples);
  }

  std::unique_ptr<Denoiser> network_;
  int64_t every_;
  RowMemory memory_;
  std::map<Member, int64_t> evaluations_;  // of this trajectory so far
};

methods::MethodEntry entry() {
  return {.name = "skip_evaluations",
          .summary = "runs the network at every few evaluations and keeps its noise between them",
          .source = "an example",
          .needs = "nothing",
          .knob = "every",
          .params = {{.name = "every",
                      .type = config::ParamType::kInteger,
                      .default_value = 2,
                      .description = "the network runs once in so many evaluations; 1: always",
                      .minimum = 1}},
          .make = [](const nlohmann::json& params, const methods::MethodContext& context) -> std::unique_ptr<Denoiser> {
            return std::make_unique<SkipEvaluations>(methods::make_method("full", nlohmann::json::object(), context),
                                                     params.at("every"));
          },
          .never_skip =
              [](nlohmann::json params, const Model&) {
                params["every"] = 1;
                return std::optional(std::move(params));
              }};
}

}  // namespace skip_evaluations

DIFFBENCH_PLUGIN(skip_evaluations::entry)
