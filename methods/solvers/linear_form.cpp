#include "methods/solvers/linear_form.h"

#include <algorithm>

namespace diffbench::solvers {

std::vector<Term> Linear::terms() const {
  std::vector<Term> terms;
  for (const auto& [source, coefficient] : coefficients_) {
    if (coefficient != 0.0) {
      terms.push_back({source, coefficient});
    }
  }
  return terms;
}

PlanBuilder::PlanBuilder(std::string solver, std::string grid, int steps) {
  plan_.solver = std::move(solver);
  plan_.grid = std::move(grid);
  plan_.steps = steps;
}

void PlanBuilder::prologue(int target, const Linear& form) { plan_.prologue.push_back({target, form.terms()}); }

Evaluation& PlanBuilder::evaluate(double t, int step, double alpha, double sigma) {
  Evaluation evaluation{};
  evaluation.t = t;
  evaluation.step = step;
  evaluation.alpha = alpha;
  evaluation.sigma = sigma;
  return plan_.evaluations.emplace_back(std::move(evaluation));
}

void PlanBuilder::update(int target, const Linear& form) {
  plan_.evaluations.back().updates.push_back({target, form.terms()});
}

Plan PlanBuilder::finish() {
  const auto visit = [this](const std::vector<Assignment>& updates, int& draw) {
    bool uses_noise = false;
    for (const auto& update : updates) {
      plan_.registers = std::max(plan_.registers, update.target + 1);
      for (const auto& term : update.terms) {
        plan_.registers = std::max(plan_.registers, term.source + 1);
        uses_noise = uses_noise || term.source == kNoise;
      }
    }
    draw = uses_noise ? plan_.noise_draws++ : -1;
  };
  visit(plan_.prologue, plan_.prologue_noise_draw);
  for (auto& evaluation : plan_.evaluations) {
    visit(evaluation.updates, evaluation.noise_draw);
  }
  validate(plan_);
  return std::move(plan_);
}

}  // namespace diffbench::solvers
