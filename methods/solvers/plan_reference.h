#pragma once
// Executes a plan on plain vectors: the definition of what a plan means, and what tests compare every other executor
// with.
//
//   auto sample = run_reference(plan, unit_noise, eps, step_noise, [&](double t, const Values& input) { ... });
//
// `eps(input, t)` returns as many values as its input, or twice as many (eps, then v) where the plan has learned
// variances.

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <vector>

#include "methods/solvers/plan.h"

namespace diffbench::solvers {

using Values = std::vector<double>;

namespace reference_detail {

// what an evaluation's terms may name beside the registers
struct Sources {
  Values eps;
  Values noise;
  Values unclipped_eps;

  const Values& at(int source) const { return source == kEps ? eps : source == kNoise ? noise : unclipped_eps; }
};

inline void apply(const std::vector<Assignment>& updates, std::vector<Values>& registers, const Sources& sources) {
  const std::vector<Values> old = registers;
  for (const auto& update : updates) {
    Values& target = registers[static_cast<size_t>(update.target)];
    target.assign(target.size(), 0.0);
    for (const auto& term : update.terms) {
      const Values& source = term.source < 0 ? sources.at(term.source) : old[static_cast<size_t>(term.source)];
      for (size_t i = 0; i < target.size(); ++i) {
        target[i] += term.coefficient * source[i];
      }
    }
  }
}

// torch.quantile: linear between the sorted values
inline double quantile(Values values, double fraction) {
  std::sort(values.begin(), values.end());
  const double position = fraction * (static_cast<double>(values.size()) - 1.0);
  const auto low = static_cast<size_t>(position);
  const size_t high = std::min(low + 1, values.size() - 1);
  return std::lerp(values[low], values[high], position - static_cast<double>(low));
}

// the eps that predicts the clipped data
inline Values clip(const Clipping& clipping, const Evaluation& evaluation, const Values& state, const Values& eps) {
  if (clipping.kind == Clipping::Kind::kNone) {
    return eps;
  }
  Values data;
  Values sizes;
  for (size_t i = 0; i < eps.size(); ++i) {
    data.push_back((state[i] - evaluation.sigma * eps[i]) / evaluation.alpha);
    sizes.push_back(std::abs(data.back()));
  }
  const bool dynamic = clipping.kind == Clipping::Kind::kDynamicThreshold;
  const double limit =
      dynamic ? std::clamp(quantile(sizes, clipping.quantile), 1.0, clipping.max_value) : clipping.range;
  Values result;
  for (size_t i = 0; i < eps.size(); ++i) {
    const double clipped = std::clamp(data[i], -limit, limit) / (dynamic ? limit : 1.0);
    result.push_back((state[i] - evaluation.alpha * clipped) / evaluation.sigma);
  }
  return result;
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
  reference_detail::apply(plan.prologue, registers,
                          {.eps = {}, .noise = draw(plan.prologue_noise_draw), .unclipped_eps = {}});
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
    const Values clipped = reference_detail::clip(plan.clipping, evaluation, registers[0], output);
    reference_detail::apply(evaluation.updates, registers, {.eps = clipped, .noise = noise, .unclipped_eps = output});
  }
  return registers[0];
}

}  // namespace diffbench::solvers
