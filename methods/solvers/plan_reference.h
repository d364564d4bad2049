#pragma once
// Executes a plan on plain vectors: the definition of what a plan means, and what tests compare every other executor
// with.
//
//   auto sample = run_reference(plan, unit_noise, eps, step_noise, [&](double t, const Values& input) { ... });
//
// `eps(input, t)` returns as many values as its input, or twice as many (eps, then v) where the plan has learned
// variances.

#include <cmath>
#include <functional>
#include <stdexcept>
#include <vector>

#include "methods/solvers/plan.h"

namespace diffbench::solvers {

using Values = std::vector<double>;

namespace reference_detail {

inline void apply(const std::vector<Assignment>& updates, std::vector<Values>& registers, const Values& eps,
                  const Values& noise) {
  const std::vector<Values> old = registers;
  for (const auto& update : updates) {
    Values& target = registers[static_cast<size_t>(update.target)];
    target.assign(target.size(), 0.0);
    for (const auto& term : update.terms) {
      const Values& source = term.source == kEps     ? eps
                             : term.source == kNoise ? noise
                                                     : old[static_cast<size_t>(term.source)];
      for (size_t i = 0; i < target.size(); ++i) {
        target[i] += term.coefficient * source[i];
      }
    }
  }
}

}  // namespace reference_detail

// step_noise: at least plan.noise_draws vectors; throws std::invalid_argument when there are fewer
inline Values run_reference(const Plan& plan, const Values& unit_noise,
                            const std::function<Values(const Values&, double)>& eps,
                            const std::vector<Values>& step_noise = {},
                            const std::function<void(double, const Values&)>& observe = {}) {
  if (step_noise.size() < static_cast<size_t>(plan.noise_draws)) {
    throw std::invalid_argument("too few draws of step noise");
  }
  const auto draw = [&](int index) { return index < 0 ? Values{} : step_noise[static_cast<size_t>(index)]; };
  const auto scaled = [](Values values, double scale) {
    for (double& value : values) {
      value *= scale;
    }
    return values;
  };
  std::vector<Values> registers(static_cast<size_t>(plan.registers), Values(unit_noise.size(), 0.0));
  registers[0] = scaled(unit_noise, plan.initial_scale);
  reference_detail::apply(plan.prologue, registers, {}, draw(plan.prologue_noise_draw));
  for (const auto& evaluation : plan.evaluations) {
    const Values input = scaled(registers[0], evaluation.input_scale);
    if (observe) {
      observe(evaluation.t, input);
    }
    Values output = eps(input, evaluation.t);
    Values noise = draw(evaluation.noise_draw);
    if (evaluation.learned_variance && evaluation.noise_draw >= 0) {
      const auto [min_log, max_log] = *evaluation.learned_variance;
      for (size_t i = 0; i < noise.size(); ++i) {
        const double fraction = (output.at(input.size() + i) + 1) / 2;
        noise[i] *= std::exp((fraction * max_log + (1 - fraction) * min_log) / 2);
      }
    }
    output.resize(input.size());
    reference_detail::apply(evaluation.updates, registers, output, noise);
  }
  return registers[0];
}

}  // namespace diffbench::solvers
