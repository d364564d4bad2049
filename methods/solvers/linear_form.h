#pragma once
// Lets a solver write its update as the paper does; the result is the table's linear combination.
//
//   PlanBuilder builder("ddim", grid, steps);
//   const Linear x = Linear::state(0), eps = Linear::eps();
//   const Linear x0 = (x - sigma * eps) / alpha;
//   builder.evaluate(t, step, alpha, sigma);
//   builder.update(0, next_alpha * x0 + next_sigma * eps);
//   return builder.finish();

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "methods/solvers/plan.h"

namespace diffbench::solvers {

// sum of coefficient * source; see plan.h for sources
class Linear {
 public:
  Linear() = default;  // zero
  static Linear state(int index) { return Linear(index); }
  static Linear eps() { return Linear(kEps); }
  static Linear noise() { return Linear(kNoise); }
  static Linear unclipped_eps() { return Linear(kUnclippedEps); }

  friend Linear operator*(double factor, const Linear& form) {
    Linear result;
    for (const auto& [source, coefficient] : form.coefficients_) {
      result.coefficients_[source] = factor * coefficient;
    }
    return result;
  }
  friend Linear operator+(Linear left, const Linear& right) {
    for (const auto& [source, coefficient] : right.coefficients_) {
      left.coefficients_[source] += coefficient;
    }
    return left;
  }
  friend Linear operator-(const Linear& left, const Linear& right) { return left + (-1.0) * right; }
  friend Linear operator/(const Linear& form, double divisor) { return (1.0 / divisor) * form; }

  std::vector<Term> terms() const;  // without zeros

 private:
  explicit Linear(int source) : coefficients_{{source, 1.0}} {}
  std::map<int, double> coefficients_;
};

class PlanBuilder {
 public:
  PlanBuilder(std::string solver, std::string grid, int steps);

  void clip(const Clipping& clipping) { plan_.clipping = clipping; }
  void start_with(double initial_scale) { plan_.initial_scale = initial_scale; }
  void prologue(int target, const Linear& form);
  // opens the next evaluation; alpha and sigma as in Evaluation
  Evaluation& evaluate(double t, int step, double alpha, double sigma);
  // of the evaluation opened last; all its updates read the values before the first of them
  void update(int target, const Linear& form);
  // numbers the noise draws, counts the registers, validates
  Plan finish();

 private:
  Plan plan_;
};

}  // namespace diffbench::solvers
