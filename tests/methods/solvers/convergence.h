#pragma once
// Measures how fast a solver's error falls with its evaluations, on data whose probability flow is known.
//
//   for (const auto& c : convergence_cases()) {
//     double order = fitted_order(measure(c));        // about c.order
//   }

#include <algorithm>
#include <cmath>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "methods/solvers/solver_table.h"
#include "tests/methods/solvers/gaussian_data.h"

namespace diffbench::solvers {

// Where along the plan the state is compared with the exact flow. A global order is that of the worst step, and some
// plans contain steps of a lower order on purpose; those are left out by looking before them.
enum class Where {
  kSample,     // at the end
  kLastInput,  // at the last evaluation: before a step that is longer, in log(alpha / sigma), than all others together
  kHalfway,    // at the first evaluation of step steps / 2: before the orders fall again towards the end
};

struct ConvergenceCase {
  std::string name;
  std::string solver;
  nlohmann::json params;
  std::string grid;
  Where where;
  std::optional<double> order;  // what theory promises; none: the errors are recorded only
  NoiseScheduleSpec noise{.kind = "vp_continuous"};
  std::vector<int> steps{8, 16, 32, 64, 128};

  friend std::ostream& operator<<(std::ostream& out, const ConvergenceCase& c) { return out << c.name; }
};

struct ConvergencePoint {
  int steps;
  int evaluations;      // made before the state was looked at
  double error;         // root mean square over the trajectories
  double signed_error;  // of the first trajectory
};

// Unless said otherwise on the VP process of Song et al. (beta from 0.1 to 20, t from 1 to 1e-3) and the quadratic
// grid, on which steps are of similar difficulty everywhere, so that 8 of them already show the order.
inline std::vector<ConvergenceCase> convergence_cases() {
  using nlohmann::json;
  const json none = json::object();
  // Powers of two: every trailing grid is exactly uniform. On 1000 indices, rounding to whole times moves the grid by
  // up to half an index, which at 128 steps is 6 % of a step and bends the fit.
  const NoiseScheduleSpec indices{.kind = "linear", .train_steps = 1024};
  // Euler's step in t multiplies x by 1 + beta dt / 2, which at 8 steps and beta = 20 is 2.4: outside of what an order
  // says anything about. Song et al.'s process with less noise is not.
  const NoiseScheduleSpec less_noise{.kind = "vp_continuous", .beta_max = 4.0};
  // The authors cut N evaluations into groups of three and a rest; a rest of one would be a step of order 1.
  const std::vector<int> two_more_than_threes{8, 17, 32, 65, 128};
  const std::vector<int> more_of_them{32, 65, 128, 257, 512};
  std::vector<ConvergenceCase> cases = {
      {"ddim", "ddim", none, "trailing", Where::kSample, 1, indices},
      {"euler_maruyama_ode", "euler_maruyama", {{"ode", true}}, "uniform", Where::kLastInput, 1, less_noise},
      {"dpm_solver_1", "dpm_solver_1", none, "quadratic", Where::kSample, 1},
      {"dpm_solver_2", "dpm_solver_2", none, "quadratic", Where::kSample, 2},
      {"dpm_solver_pp_2s", "dpm_solver_pp_2s", none, "logsnr", Where::kSample, 2, less_noise},
      {"dpm_solver_pp_2m", "dpm_solver_pp_2m", none, "quadratic", Where::kHalfway, 2},
      // its first step is of order 1: with much noise that error, falling with the second power, is what remains
      {"dpm_solver_pp_3m", "dpm_solver_pp_3m", none, "logsnr", Where::kHalfway, 3, less_noise},
      {"edm_heun", "edm_heun", none, "edm", Where::kLastInput, 2},
      {"dpm_solver_3",
       "dpm_solver_3",
       none,
       "quadratic",
       Where::kSample,
       3,
       {.kind = "vp_continuous"},
       two_more_than_threes},
      {"dpm_solver_pp_3s",
       "dpm_solver_pp_3s",
       none,
       "quadratic",
       Where::kSample,
       3,
       {.kind = "vp_continuous"},
       more_of_them},
      {"pndm_prk", "pndm", none, "trailing", Where::kHalfway, {}, indices},
      {"pndm_plms", "pndm", {{"prk", false}}, "trailing", Where::kHalfway, {}, indices}};
  for (const int order : {1, 2, 3}) {
    for (const char* variant : {"bh1", "bh2"}) {  // the corrector adds one to the order
      cases.push_back({"unipc_" + std::to_string(order) + "_" + variant,
                       "unipc",
                       {{"order", order}, {"variant", variant}},
                       "quadratic",
                       Where::kHalfway,
                       order + 1});
    }
  }
  return cases;
}

inline ConvergencePoint measure(const ConvergenceCase& c, int steps) {
  const NoiseSchedule schedule(c.noise);
  const auto plan = make_plan({.solver = c.solver, .grid = c.grid, .steps = steps, .params = c.params}, schedule);
  const auto& evaluations = plan.evaluations;
  size_t stop = c.where == Where::kSample ? evaluations.size() : evaluations.size() - 1;
  if (c.where == Where::kHalfway) {
    const auto first = std::find_if(evaluations.begin(), evaluations.end(),
                                    [&](const Evaluation& evaluation) { return evaluation.step == steps / 2; });
    stop = static_cast<size_t>(first - evaluations.begin());
  }
  std::vector<Values> states;
  const auto sample = run_reference(
      plan, {1.5, 0.5, -0.5, -1.5}, [&](const Values& x, double t) { return gaussian_eps(schedule, x, t); }, {},
      [&](double, const Values& x) { states.push_back(x); });
  states.push_back(sample);
  const GridPoint end = schedule.is_continuous() ? point_at(schedule, first_time(schedule)) : GridPoint{};
  const auto exact = gaussian_flow(states.front(), point_at(schedule, evaluations.front().t),
                                   stop == evaluations.size() ? end : point_at(schedule, evaluations[stop].t));
  double sum_of_squares = 0.0;
  for (size_t i = 0; i < exact.size(); ++i) {
    sum_of_squares += std::pow(states[stop][i] - exact[i], 2);
  }
  return {steps, static_cast<int>(stop), std::sqrt(sum_of_squares / static_cast<double>(exact.size())),
          states[stop][0] - exact[0]};
}

inline std::vector<ConvergencePoint> measure(const ConvergenceCase& c) {
  std::vector<ConvergencePoint> points;
  for (const int steps : c.steps) {
    points.push_back(measure(c, steps));
  }
  return points;
}

// least squares of log(error) over log(evaluations), with its sign turned
inline double fitted_order(const std::vector<ConvergencePoint>& points) {
  const auto count = static_cast<double>(points.size());
  double mean_x = 0.0;
  double mean_y = 0.0;
  for (const auto& point : points) {
    mean_x += std::log(point.evaluations) / count;
    mean_y += std::log(point.error) / count;
  }
  double xy = 0.0;
  double xx = 0.0;
  for (const auto& point : points) {
    const double x = std::log(point.evaluations) - mean_x;
    xy += x * (std::log(point.error) - mean_y);
    xx += x * x;
  }
  return -xy / xx;
}

}  // namespace diffbench::solvers
