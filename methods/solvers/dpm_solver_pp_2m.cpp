// DPM-Solver++ 2M, midpoint form (Lu et al., 2022, arXiv 2211.01095, algorithm 2), from time s0 to t with the
// predictions D0 = x0(s0) and, of the step before, x0(s1); h = lambda_t - lambda_s0, r = (lambda_s0 - lambda_s1) / h:
//   x_t = (sigma_t / sigma_s0) x - alpha_t (exp(-h) - 1) (D0 + (D0 - x0(s1)) / (2 r)).
// Order 2, one evaluation per step. The first step is of order 1, and so is the last, which ends at sigma 0 and
// therefore gives D0 itself. As diffusers' DPMSolverMultistepScheduler (dpmsolver++, order 2, final_sigmas_type
// "zero").
#include <cmath>

#include "methods/solvers/linear_form.h"
#include "methods/solvers/solver_table.h"
#include "methods/solvers/time_grid.h"

namespace diffbench::solvers {
namespace {

Plan make_dpm_solver_pp_2m(const PlanRequest& request, const NoiseSchedule& schedule) {
  const auto times = grid_times(request.grid, schedule, request.steps, GridFamily::kMultistep);
  PlanBuilder builder("dpm_solver_pp_2m", request.grid, request.steps);
  const Linear x = Linear::state(0);
  const Linear before = Linear::state(1);  // x0 of the step before
  for (size_t i = 0; i < times.size(); ++i) {
    const bool last = i + 1 == times.size();
    const double alpha = schedule.alpha(times[i]);
    const double sigma = schedule.sigma(times[i]);
    const Linear x0 = (x - sigma * Linear::eps()) / alpha;
    builder.evaluate(times[i], static_cast<int>(i), alpha, sigma);
    if (last) {
      builder.update(0, x0);
      break;
    }
    const double h = schedule.lambda(times[i + 1]) - schedule.lambda(times[i]);
    const double gain = -schedule.alpha(times[i + 1]) * std::expm1(-h);
    Linear next = (schedule.sigma(times[i + 1]) / sigma) * x + gain * x0;
    if (i > 0) {
      const double r = (schedule.lambda(times[i]) - schedule.lambda(times[i - 1])) / h;
      next = next + (gain / (2.0 * r)) * (x0 - before);
    }
    builder.update(0, next);
    builder.update(1, x0);
  }
  return builder.finish();
}

}  // namespace

SolverEntry dpm_solver_pp_2m_entry() {
  return {.name = "dpm_solver_pp_2m",
          .summary = "second-order multistep solver on the predicted data",
          .source = "Lu et al., 2022, arXiv 2211.01095",
          .order = 2,
          .evaluations_per_step = 1,
          .stochastic = false,
          .grids = {"leading", "linspace", "trailing"},
          .params = {},
          .make = make_dpm_solver_pp_2m};
}

}  // namespace diffbench::solvers
