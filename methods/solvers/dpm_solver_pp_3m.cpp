// DPM-Solver++ 3M (Lu et al., 2022, arXiv 2211.01095; the authors' multistep_dpm_solver_third_update), from point s0 to
// t with the predictions D0 = x0(s0), x0(s1), x0(s2) of this step and the two before; h = lambda_t - lambda_s0, r0 =
// (lambda_s0 - lambda_s1) / h, r1 = (lambda_s1 - lambda_s2) / h:
//   D1_0 = (x0(s0) - x0(s1)) / r0,  D1_1 = (x0(s1) - x0(s2)) / r1,  D2 = (D1_0 - D1_1) / (r0 + r1),  D1 = D1_0 + r0 D2
//   x_t = (sigma_t / sigma_s0) x - alpha_t (e^-h - 1) D0 + alpha_t ((e^-h - 1) / h + 1) D1
//         - alpha_t ((e^-h - 1 + h) / h^2 - 1/2) D2.
// One evaluation per step. The first step is of order 1, the second of 2; then 3, except towards the end: a step to
// sigma 0 is of order 1 (and gives D0 itself), with fewer than 15 steps the one before is of 2 (diffusers'
// DPMSolverMultistepScheduler, order 3); on a continuous grid with fewer than 10 steps the last two are of 2 and 1 (the
// authors' code).
#include <algorithm>
#include <cmath>

#include "methods/solvers/grid_points.h"
#include "methods/solvers/linear_form.h"
#include "methods/solvers/solver_table.h"

namespace diffbench::solvers {
namespace {

constexpr int kAuthorsLowerOrderBelow = 10;
constexpr int kDiffusersLowerOrderBelow = 15;

int order_of_step(int i, int steps, bool ends_at_data) {
  const int known = std::min(i + 1, 3);
  const int left = steps - i;
  if (steps < (ends_at_data ? kDiffusersLowerOrderBelow : kAuthorsLowerOrderBelow)) {
    return std::min(known, left);
  }
  return ends_at_data && left == 1 ? 1 : known;
}

Plan make_dpm_solver_pp_3m(const PlanRequest& request, const NoiseSchedule& schedule) {
  const auto points = multistep_points(request.grid, schedule, request.steps, End::kZero);
  const auto lambda = [&](int i) { return points[static_cast<size_t>(i)].lambda(); };
  PlanBuilder builder("dpm_solver_pp_3m", request.grid, request.steps);
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
    const int order = order_of_step(i, request.steps, points.back().sigma == 0.0);
    const double h = lambda(i + 1) - lambda(i);
    const double phi_1 = std::expm1(-h);
    Linear next = (to.sigma / from.sigma) * x - (to.alpha * phi_1) * x0;
    if (order > 1) {
      const double r0 = (lambda(i) - lambda(i - 1)) / h;
      const Linear d1_0 = (x0 - Linear::state(1)) / r0;
      if (order == 2) {
        next = next - (0.5 * to.alpha * phi_1) * d1_0;
      } else {
        const double r1 = (lambda(i - 1) - lambda(i - 2)) / h;
        const Linear d2 = (d1_0 - (Linear::state(1) - Linear::state(2)) / r1) / (r0 + r1);
        next =
            next + (to.alpha * (phi_1 / h + 1.0)) * (d1_0 + r0 * d2) - (to.alpha * ((phi_1 + h) / (h * h) - 0.5)) * d2;
      }
    }
    builder.update(0, next);
    if (i + 1 < request.steps) {
      builder.update(1, x0);
      if (i > 0) {
        builder.update(2, Linear::state(1));
      }
    }
  }
  return builder.finish();
}

}  // namespace

SolverEntry dpm_solver_pp_3m_entry() {
  return {.name = "dpm_solver_pp_3m",
          .summary = "third-order multistep solver on the predicted data",
          .source = "Lu et al., 2022, arXiv 2211.01095",
          .order = 3,
          .evaluations_per_step = 1,
          .stochastic = false,
          .grids = {"leading", "linspace", "trailing", "karras", "uniform", "quadratic", "logsnr"},
          .continuous_grids = {"uniform", "quadratic", "logsnr"},
          .params = {},
          .make = make_dpm_solver_pp_3m};
}

}  // namespace diffbench::solvers
