#include "methods/sampler.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "methods/config/input_error.h"

namespace diffbench {
namespace {

// what the terms of a plan's assignments name
struct State {
  std::vector<at::Tensor> registers;
  at::Tensor eps;
  at::Tensor noise;

  const at::Tensor& source(int index) const {
    if (index == solvers::kEps) {
      return eps;
    }
    return index == solvers::kNoise ? noise : registers[static_cast<size_t>(index)];
  }

  at::Tensor combine(const std::vector<solvers::Term>& terms) const {
    if (terms.empty()) {
      return at::zeros_like(registers.front());
    }
    auto result = at::mul(source(terms.front().source), terms.front().coefficient);
    for (size_t k = 1; k < terms.size(); ++k) {
      result.add_(source(terms[k].source), terms[k].coefficient);
    }
    return result;
  }

  // all assignments read the old registers
  void apply(const std::vector<solvers::Assignment>& assignments) {
    std::vector<at::Tensor> values;
    values.reserve(assignments.size());
    for (const auto& assignment : assignments) {
      values.push_back(combine(assignment.terms));
    }
    for (size_t k = 0; k < assignments.size(); ++k) {
      registers[static_cast<size_t>(assignments[k].target)] = std::move(values[k]);
    }
  }
};

}  // namespace

Sampler::Sampler(solvers::Plan plan, Compute compute) : plan_(std::move(plan)), compute_(compute) {
  for (const auto& evaluation : plan_.evaluations) {
    if (evaluation.learned_variance) {
      throw config::InputError(plan_.solver + ": variance = learned_range needs a network with learned sigma");
    }
  }
}

at::Tensor Sampler::run(Denoiser& denoiser, NoiseSource& noise, const at::Tensor& labels, Trace& trace,
                        const Observer& observe) const {
  const c10::InferenceMode inference;
  State state;
  state.registers.resize(static_cast<size_t>(plan_.registers));
  auto initial = noise.initial();
  state.registers[0] = plan_.initial_scale == 1.0 ? initial : initial * plan_.initial_scale;
  if (plan_.prologue_noise_draw >= 0) {
    state.noise = noise.step(plan_.prologue_noise_draw);
  }
  state.apply(plan_.prologue);
  denoiser.begin();
  std::vector<double> t(static_cast<size_t>(initial.size(0)));
  for (const auto& evaluation : plan_.evaluations) {
    const auto& x = state.registers[0];
    const auto input = evaluation.input_scale == 1.0 ? x : x * evaluation.input_scale;
    t.assign(t.size(), evaluation.t);
    state.eps = denoiser.predict(input, t, labels, trace.emplace_back());
    if (observe) {
      observe(evaluation.t, input, state.eps);
    }
    if (evaluation.noise_draw >= 0) {
      state.noise = noise.step(evaluation.noise_draw);
    }
    state.apply(evaluation.updates);
  }
  return state.registers[0];
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
