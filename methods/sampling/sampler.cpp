#include "methods/sampling/sampler.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "methods/config/input_error.h"
#include "methods/sampling/plan_executor.h"
#include "profiling/scope.h"

namespace diffbench {
namespace {

using profiling::Phase;
using profiling::Scope;

using RowEvaluations = std::vector<const solvers::Evaluation*>;

// each row's own draw; most batches have all rows at one evaluation, and then it is one call
at::Tensor noise_of(const RowEvaluations& evaluations, NoiseSource& noise) {
  std::set<int> draws;
  for (const auto* evaluation : evaluations) {
    draws.insert(evaluation->noise_draw);
  }
  if (draws.size() == 1) {
    return *draws.begin() < 0 ? at::Tensor() : noise.step(*draws.begin());
  }
  at::Tensor result;
  for (const int draw : draws) {
    if (draw < 0) {
      continue;
    }
    const auto values = noise.step(draw);
    if (!result.defined()) {
      result = at::zeros_like(values);
    }
    std::vector<int64_t> rows;
    for (size_t row = 0; row < evaluations.size(); ++row) {
      if (evaluations[row]->noise_draw == draw) {
        rows.push_back(static_cast<int64_t>(row));
      }
    }
    const auto index = row_index(rows, values.device());
    result.index_copy_(0, index, values.index_select(0, index));
  }
  return result;
}

at::Tensor scaled_input(const at::Tensor& state, const RowEvaluations& evaluations) {
  std::vector<double> scales;
  for (const auto* evaluation : evaluations) {
    scales.push_back(evaluation->input_scale);
  }
  const bool unscaled = std::all_of(scales.begin(), scales.end(), [](double scale) { return scale == 1.0; });
  return unscaled ? state : state * per_row(state, scales);
}

}  // namespace

Trajectories join(const Trajectories& first, const Trajectories& second) {
  Trajectories result{.registers = {}, .next = first.next, .members = first.members};
  for (size_t i = 0; i < first.registers.size(); ++i) {
    result.registers.push_back(at::cat({first.registers[i], second.registers[i]}));
  }
  result.next.insert(result.next.end(), second.next.begin(), second.next.end());
  result.members.insert(result.members.end(), second.members.begin(), second.members.end());
  return result;
}

Trajectories select(const Trajectories& trajectories, const std::vector<int64_t>& rows) {
  Trajectories result;
  const auto index = row_index(rows, trajectories.registers.front().device());
  for (const auto& values : trajectories.registers) {
    result.registers.push_back(values.index_select(0, index));
  }
  for (const int64_t row : rows) {
    result.next.push_back(trajectories.next[static_cast<size_t>(row)]);
    result.members.push_back(trajectories.members[static_cast<size_t>(row)]);
  }
  return result;
}

Sampler::Sampler(solvers::Plan plan, const Model& model)
    : plan_(std::move(plan)),
      compute_(model.compute),
      channels_(model.network.channels),
      learned_sigma_(model.network.learned_sigma) {
  const bool needs_variance =
      std::any_of(plan_.evaluations.begin(), plan_.evaluations.end(),
                  [](const auto& evaluation) { return evaluation.learned_variance.has_value(); });
  if (needs_variance && !learned_sigma_) {
    throw config::InputError(plan_.solver + ": variance = learned_range needs a network with learned sigma, which '" +
                             model.name + "' has not");
  }
}

Trajectories Sampler::start(NoiseSource& noise) const {
  const c10::InferenceMode inference;
  const Scope scope(Phase::kSolver, "start");
  Trajectories result;
  // a copy, since updates work in place and the noise may belong to somebody
  const auto state = noise.initial() * plan_.initial_scale;
  result.registers.push_back(state);
  for (int i = 1; i < plan_.registers; ++i) {
    result.registers.push_back(at::empty_like(state));  // a plan writes a register before it reads it
  }
  result.members = members_of(noise.samples());
  result.next.resize(result.members.size());
  const std::vector<const std::vector<solvers::Assignment>*> prologue(result.next.size(), &plan_.prologue);
  const auto draw = plan_.prologue_noise_draw;
  apply_updates(result.registers, prologue,
                {.eps = {}, .noise = draw < 0 ? at::Tensor() : noise.step(draw), .unclipped_eps = {}});
  return result;
}

void Sampler::advance(Trajectories& trajectories, Denoiser& denoiser, NoiseSource& noise, const Prompt& prompt,
                      EvaluationTrace& trace, const Observer& observe) const {
  const c10::InferenceMode inference;
  const auto& first = plan_.evaluations.at(trajectories.next.front());
  const Scope scope(Phase::kEvaluation, "evaluation",
                    {.step = first.step,
                     .evaluation = static_cast<int64_t>(trajectories.next.front()),
                     .t = first.t,
                     .rows = static_cast<int64_t>(trajectories.next.size())});
  RowEvaluations evaluations;
  std::vector<double> t;
  std::vector<const std::vector<solvers::Assignment>*> updates;
  for (auto& next : trajectories.next) {
    evaluations.push_back(&plan_.evaluations.at(next++));
    t.push_back(evaluations.back()->t);
    updates.push_back(&evaluations.back()->updates);
  }
  const auto& state = trajectories.registers.front();
  const auto input = [&] {
    const Scope solver(Phase::kSolver, "scale input");
    return scaled_input(state, evaluations);
  }();
  const auto output = denoiser.predict({input, t, prompt.labels, trajectories.members, prompt.context}, trace);
  const auto eps = learned_sigma_ ? output.narrow(1, 0, channels_) : output;
  if (observe) {
    observe(t.front(), input, eps);
  }
  const Scope solver(Phase::kSolver, "update");
  auto draws = noise_of(evaluations, noise);
  const bool learned = std::any_of(evaluations.begin(), evaluations.end(),
                                   [](const auto* evaluation) { return evaluation->learned_variance.has_value(); });
  if (learned && draws.defined()) {
    draws = scale_by_learned_variance(draws, output.narrow(1, channels_, channels_), evaluations);
  }
  const bool clips = plan_.clipping.kind != solvers::Clipping::Kind::kNone;
  apply_updates(
      trajectories.registers, updates,
      {.eps = clips ? clip_eps(plan_.clipping, state, eps, evaluations) : eps, .noise = draws, .unclipped_eps = eps});
}

at::Tensor Sampler::run(Denoiser& denoiser, NoiseSource& noise, const Prompt& prompt, Trace& trace,
                        const Observer& observe) const {
  const Scope scope(Phase::kSampling, "sampling", {.rows = static_cast<int64_t>(noise.samples().size())});
  auto trajectories = start(noise);
  const auto samples = noise.samples();
  denoiser.begin(samples);
  for (size_t i = 0; i < plan_.evaluations.size(); ++i) {
    advance(trajectories, denoiser, noise, prompt, trace.emplace_back(), observe);
  }
  denoiser.end(samples);
  return trajectories.registers.front();
}

std::vector<double> times_of(const solvers::Plan& plan) {
  std::vector<double> times;
  for (const auto& evaluation : plan.evaluations) {
    times.push_back(evaluation.t);
  }
  return times;
}

at::Tensor default_labels(const std::vector<int64_t>& samples, int64_t classes, const Compute& compute) {
  if (classes == 0) {
    return {};
  }
  std::vector<int64_t> labels;
  for (const int64_t sample : samples) {
    labels.push_back(sample % classes);
  }
  return at::tensor(labels, at::TensorOptions(at::kLong)).to(compute.device);
}

}  // namespace diffbench
