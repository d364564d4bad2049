// Euler-Maruyama on the reverse SDE of a variance-preserving process in continuous time (Song et al., ICLR 2021,
// arXiv 2011.13456, eq. 6), from time t to the next time s < t, with score = -eps / sigma_t:
//   x_s = x - (t - s) (-beta_t x / 2 + beta_t eps / sigma_t) + sqrt(beta_t (t - s)) z,
// or, with ode = true, on the probability flow (eq. 13): half of the eps term and no noise. Order 1, one evaluation per
// step. Grid: 0, then N times from 1e-3 to 1; the last step, to 0, draws no noise. As euler_maruyama in U-ViT's sde.py.
#include <cmath>

#include "methods/solvers/grid_points.h"
#include "methods/solvers/linear_form.h"
#include "methods/solvers/solver_table.h"

namespace diffbench::solvers {
namespace {

constexpr double kSmallestTime = 1e-3;

Plan make_euler_maruyama(const PlanRequest& request, const NoiseSchedule& schedule) {
  const bool ode = request.params.at("ode").get<bool>();
  const int steps = request.steps;
  const auto time = [&](int k) {  // k = steps .. 1, then 0
    return k == 0 ? 0.0 : steps == 1 ? kSmallestTime : std::lerp(kSmallestTime, 1.0, (k - 1) / (steps - 1.0));
  };
  PlanBuilder builder("euler_maruyama", request.grid, steps);
  for (int i = 0; i < steps; ++i) {
    const auto point = point_at(schedule, time(steps - i));
    const double dt = point.t - time(steps - i - 1);
    const double beta = schedule.beta(point.t);
    const bool last = i + 1 == steps;
    builder.evaluate(point.t, i, point.alpha, point.sigma);
    Linear next =
        (1.0 + 0.5 * beta * dt) * Linear::state(0) - ((ode ? 0.5 : 1.0) * beta * dt / point.sigma) * Linear::eps();
    if (!ode && !last) {
      next = next + std::sqrt(beta * dt) * Linear::noise();
    }
    builder.update(0, next);
  }
  return builder.finish();
}

}  // namespace

SolverEntry euler_maruyama_entry() {
  return {.name = "euler_maruyama",
          .summary = "Euler steps of the reverse SDE, or of its probability flow, in continuous time",
          .source = "Song et al., ICLR 2021, arXiv 2011.13456",
          .order = 1,
          .evaluations_per_step = 1,
          .stochastic = true,
          .grids = {},
          .continuous_grids = {"uniform"},
          .params = {{.name = "ode",
                      .type = config::ParamType::kBool,
                      .default_value = false,
                      .description = "follow the probability flow, without noise"}},
          .make = make_euler_maruyama};
}

}  // namespace diffbench::solvers
