#include "methods/sampling/sampling_conditions.h"

#include <fmt/format.h>

#include "methods/data/sha256.h"

namespace diffbench {
namespace {

void append(std::string& text, const std::vector<solvers::Assignment>& updates) {
  for (const auto& update : updates) {
    text += fmt::format(" {}:", update.target);
    for (const auto& term : update.terms) {
      text += fmt::format(" {} {:a}", term.source, term.coefficient);
    }
  }
}

std::string digest(const solvers::Plan& plan) {
  std::string text = fmt::format("{} {:a} {}", plan.registers, plan.initial_scale, plan.noise_draws);
  append(text, plan.prologue);
  for (const auto& evaluation : plan.evaluations) {
    text += fmt::format("\n{:a} {:a} {}", evaluation.t, evaluation.input_scale, evaluation.noise_draw);
    append(text, evaluation.updates);
    if (const auto& range = evaluation.learned_variance) {
      text += fmt::format(" v {:a} {:a}", range->min_log, range->max_log);
    }
  }
  const auto& clipping = plan.clipping;
  text += fmt::format("\n{} {:a} {:a} {:a}", static_cast<int>(clipping.kind), clipping.range, clipping.quantile,
                      clipping.max_value);
  return data::sha256(text).substr(0, 16);
}

}  // namespace

std::string sampling_conditions(const solvers::Plan& plan, const Guidance& guidance, const Compute& compute) {
  auto text = fmt::format("{} {} {} steps, plan {}, guidance {}", plan.solver, plan.grid, plan.steps, digest(plan),
                          guidance.scale);
  if (guidance.scale != 1.0) {
    text += fmt::format(" in {}..{} {}", guidance.from_t, guidance.to_t, guidance.joint_exits ? "joint" : "separate");
  }
  return text + ", " + compute.precision;
}

}  // namespace diffbench
