#pragma once
// What a solver is: a table of network evaluations, computed once in float64 and executed by one loop.
//
//   Plan plan = make_plan({.solver = "ddim", .grid = "leading", .steps = 20}, schedule);    // solver_table.h
//   registers[0] = plan.initial_scale * unit_noise; the other registers hold nothing yet
//   apply(plan.prologue)
//   for (const Evaluation& evaluation : plan.evaluations) {
//     eps = network(evaluation.input_scale * registers[0], evaluation.t);
//     apply(evaluation.updates);            // linear combinations of registers, eps and one draw of noise
//   }
//   sample = registers[0]
//
// plan_reference.h is this loop on std::vector<double>. A plan holds no state: rows of one batch may stand at different
// evaluations of the same plan, each with its own registers.

#include <optional>
#include <string>
#include <vector>

namespace diffbench::solvers {

// sources beside the registers 0 .. registers - 1
inline constexpr int kEps = -1;    // what the network returned
inline constexpr int kNoise = -2;  // this evaluation's draw of unit noise
// what the network returned where clipping replaced eps; only in a plan that clips
inline constexpr int kUnclippedEps = -3;

struct Term {
  int source;
  double coefficient;  // finite, never zero
};

// registers[target] = sum of coefficient * source; all assignments of one evaluation read the OLD registers, then all
// are stored. A register that no assignment names keeps its value. No terms: the register becomes zero.
struct Assignment {
  int target;
  std::vector<Term> terms;
};

// For networks with learned sigma, whose second half of channels is v in [-1, 1]: the noise is multiplied, element by
// element, by exp((f max_log + (1 - f) min_log) / 2) with f = (v + 1) / 2; the plan's coefficient of kNoise is 1.
struct LogVarianceRange {
  double min_log;
  double max_log;
};

// What happens to the predicted data before a plan's updates see them. Off by default.
struct Clipping {
  enum class Kind { kNone, kClip, kDynamicThreshold };
  Kind kind = Kind::kNone;
  double range = 1.0;      // kClip: data are clipped to [-range, range]
  double quantile = 0.0;   // kDynamicThreshold (Saharia et al., NeurIPS 2022, arXiv 2205.11487): of a sample's |data|
  double max_value = 1.0;  // that quantile is moved into [1, max_value]; data are clipped to it and divided by it
};

struct Evaluation {
  double t;                  // time given to the network: index units, or t in (0, 1] on vp_continuous
  int step;                  // the solver step, from 0, that this evaluation belongs to
  double input_scale = 1.0;  // the network's input is input_scale * registers[0]
  // registers[0] = alpha * data + sigma * noise at this evaluation, so (registers[0] - sigma * eps) / alpha is the
  // predicted data. Clipping or thresholding replaces eps by the one that predicts the clipped data, before the
  // updates.
  double alpha = 1.0;
  double sigma = 0.0;
  std::vector<Assignment> updates;
  int noise_draw = -1;  // which of the plan's draws kNoise means; -1: no update uses noise
  std::optional<LogVarianceRange> learned_variance{};
};

struct Plan {
  std::string solver;
  std::string grid;
  int steps = 0;  // as the user counts them; the number of evaluations is evaluations.size()
  int registers = 1;
  double initial_scale = 1.0;          // registers[0] starts as initial_scale * unit noise
  std::vector<Assignment> prologue{};  // before the first evaluation; may use kNoise, never kEps
  int prologue_noise_draw = -1;
  std::vector<Evaluation> evaluations{};
  Clipping clipping{};
  int noise_draws = 0;  // step-noise draws per trajectory, counted over prologue and evaluations in order
};

// Throws std::logic_error on a table that cannot be executed: a bug of the solver, never of the user.
void validate(const Plan& plan);

}  // namespace diffbench::solvers
