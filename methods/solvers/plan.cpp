#include "methods/solvers/plan.h"

#include <cmath>
#include <set>
#include <stdexcept>

namespace diffbench::solvers {
namespace {

[[noreturn]] void fail(const Plan& plan, const std::string& message) {
  throw std::logic_error("plan of " + plan.solver + " on " + plan.grid + ": " + message);
}

// checks one group of assignments; returns whether it uses noise
bool check_updates(const Plan& plan, const std::vector<Assignment>& updates, bool eps_allowed) {
  bool uses_noise = false;
  std::set<int> targets;
  for (const auto& update : updates) {
    if (update.target < 0 || update.target >= plan.registers || !targets.insert(update.target).second) {
      fail(plan, "bad target register");
    }
    std::set<int> sources;
    for (const auto& term : update.terms) {
      const int lowest = plan.clipping.kind == Clipping::Kind::kNone ? kNoise : kUnclippedEps;
      if (term.source >= plan.registers || term.source < lowest ||
          ((term.source == kEps || term.source == kUnclippedEps) && !eps_allowed) ||
          !sources.insert(term.source).second) {
        fail(plan, "bad source");
      }
      if (!std::isfinite(term.coefficient) || term.coefficient == 0.0) {
        fail(plan, "a coefficient is zero or not finite");
      }
      uses_noise = uses_noise || term.source == kNoise;
    }
  }
  return uses_noise;
}

void check_draw(const Plan& plan, bool uses_noise, int draw, int& draws) {
  if (draw != (uses_noise ? draws : -1)) {
    fail(plan, "noise draws are not numbered in order");
  }
  draws += uses_noise ? 1 : 0;
}

}  // namespace

void validate(const Plan& plan) {
  if (plan.steps < 1 || plan.registers < 1 || plan.evaluations.empty() || !(plan.initial_scale > 0)) {
    fail(plan, "no steps, registers, evaluations or initial scale");
  }
  int draws = 0;
  check_draw(plan, check_updates(plan, plan.prologue, /*eps_allowed=*/false), plan.prologue_noise_draw, draws);
  int step = 0;
  for (const auto& evaluation : plan.evaluations) {
    if (!std::isfinite(evaluation.t) || !(evaluation.input_scale > 0) || !(evaluation.alpha > 0) ||
        !(evaluation.sigma >= 0) || !std::isfinite(evaluation.sigma)) {
      fail(plan, "an evaluation has no valid time or scale");
    }
    if (evaluation.step < step || evaluation.step > step + 1 || evaluation.step >= plan.steps) {
      fail(plan, "steps are not in order");
    }
    step = evaluation.step;
    check_draw(plan, check_updates(plan, evaluation.updates, /*eps_allowed=*/true), evaluation.noise_draw, draws);
  }
  if (draws != plan.noise_draws) {
    fail(plan, "wrong number of noise draws");
  }
}

}  // namespace diffbench::solvers
