// DPM-Solver++ 2M, midpoint form (Lu et al., 2022, arXiv 2211.01095, algorithm 2), from point s0 to t with the
// predictions D0 = x0(s0) and, of the step before, x0(s1); h = lambda_t - lambda_s0, r = (lambda_s0 - lambda_s1) / h:
//   x_t = (sigma_t / sigma_s0) x - alpha_t (exp(-h) - 1) (D0 + (D0 - x0(s1)) / (2 r)).
// Order 2, one evaluation per step. The first step is of order 1, and so is the last where it ends at sigma 0 (and then
// gives D0 itself), or, on a continuous grid, where there are fewer than 10 steps. As diffusers'
// DPMSolverMultistepScheduler (dpmsolver++, order 2, final_sigmas_type "zero"), and as the authors' code on uniform,
// quadratic and logsnr.
#include <cmath>

#include "methods/solvers/grid_points.h"
#include "methods/solvers/linear_form.h"
#include "methods/solvers/solver_table.h"

namespace diffbench::solvers {
namespace {

constexpr int kAuthorsLowerOrderBelow = 10;

Plan make_dpm_solver_pp_2m(const PlanRequest& request, const NoiseSchedule& schedule) {
  const auto points = multistep_points(request.grid, schedule, request.steps, End::kZero);
  PlanBuilder builder("dpm_solver_pp_2m", request.grid, request.steps);
  for (int i = 0; i < request.steps; ++i) {
    const auto& from = points[static_cast<size_t>(i)];
    const auto& to = points[static_cast<size_t>(i) + 1];
    const bool last = i + 1 == request.steps;
    builder.evaluate(from.t, i, from.alpha, from.sigma);
    const Linear x = Linear::state(0);
    const Linear x0 = (x - from.sigma * Linear::eps()) / from.alpha;
    if (to.sigma == 0.0) {
      builder.update(0, x0);
      break;
    }
    const double h = to.lambda() - from.lambda();
    const double gain = -to.alpha * std::expm1(-h);
    Linear next = (to.sigma / from.sigma) * x + gain * x0;
    if (i > 0 && !(last && request.steps < kAuthorsLowerOrderBelow)) {
      const double r = (from.lambda() - points[static_cast<size_t>(i) - 1].lambda()) / h;
      next = next + (gain / (2.0 * r)) * (x0 - Linear::state(1));
    }
    builder.update(0, next);
    if (!last) {
      builder.update(1, x0);
    }
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
          .grids = {"leading", "linspace", "trailing", "karras", "uniform", "quadratic", "logsnr"},
          .continuous_grids = {"uniform", "quadratic", "logsnr"},
          .params = {},
          .make = make_dpm_solver_pp_2m};
}

}  // namespace diffbench::solvers
