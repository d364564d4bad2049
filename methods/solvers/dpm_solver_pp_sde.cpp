// SDE-DPM-Solver++ 2M, midpoint form (Lu et al., 2022, arXiv 2211.01095, eq. 18), from point s0 to t with the
// predictions D0 = x0(s0) and, of the step before, x0(s1); h = lambda_t - lambda_s0, r = (lambda_s0 - lambda_s1) / h:
//   x_t = (sigma_t / sigma_s0) exp(-h) x + alpha_t (1 - exp(-2 h)) (D0 + (D0 - x0(s1)) / (2 r))
//         + sigma_t sqrt(1 - exp(-2 h)) z.
// Order 2 in the drift, one evaluation and one draw per step; first and last step of order 1, the last ends at sigma 0
// and is D0 without noise. As diffusers' DPMSolverMultistepScheduler (sde-dpmsolver++, order 2).
#include <cmath>

#include "methods/solvers/grid_points.h"
#include "methods/solvers/linear_form.h"
#include "methods/solvers/solver_table.h"

namespace diffbench::solvers {
namespace {

Plan make_dpm_solver_pp_sde(const PlanRequest& request, const NoiseSchedule& schedule) {
  const auto points = multistep_points(request.grid, schedule, request.steps, End::kZero);
  PlanBuilder builder("dpm_solver_pp_sde", request.grid, request.steps);
  for (int i = 0; i < request.steps; ++i) {
    const auto& from = points[static_cast<size_t>(i)];
    const auto& to = points[static_cast<size_t>(i) + 1];
    builder.evaluate(from.t, i, from.alpha, from.sigma);
    const Linear x = Linear::state(0);
    const Linear x0 = (x - from.sigma * Linear::eps()) / from.alpha;
    if (to.sigma == 0.0) {
      builder.update(0, x0);
      break;
    }
    const double h = to.lambda() - from.lambda();
    const double variance = -std::expm1(-2.0 * h);
    const double gain = to.alpha * variance;
    Linear next = (to.sigma / from.sigma * std::exp(-h)) * x + gain * x0;
    if (i > 0) {
      const double r = (from.lambda() - points[static_cast<size_t>(i) - 1].lambda()) / h;
      next = next + (gain / (2.0 * r)) * (x0 - Linear::state(1));
    }
    builder.update(0, next + (to.sigma * std::sqrt(variance)) * Linear::noise());
    builder.update(1, x0);
  }
  return builder.finish();
}

}  // namespace

SolverEntry dpm_solver_pp_sde_entry() {
  return {.name = "dpm_solver_pp_sde",
          .summary = "second-order multistep solver of the reverse SDE on the predicted data",
          .source = "Lu et al., 2022, arXiv 2211.01095",
          .order = 2,
          .evaluations_per_step = 1,
          .stochastic = true,
          .grids = {"leading", "linspace", "trailing", "karras"},
          .params = {},
          .make = make_dpm_solver_pp_sde};
}

}  // namespace diffbench::solvers
