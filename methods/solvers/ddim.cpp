// DDIM (Song et al., ICLR 2021, arXiv 2010.02502, eq. 12), from time t to the next time s of the grid:
//   x_s = alpha_s x0 + sqrt(sigma_s^2 - v) eps + sqrt(v) z,   x0 = (x_t - sigma_t eps) / alpha_t,
//   v = eta^2 (sigma_s^2 / sigma_t^2) (1 - alpha_t^2 / alpha_s^2).
// Order 1, one evaluation per step. The last step goes to alpha 1. As diffusers' DDIMScheduler(clip_sample=False),
// except that s is the next entry of the grid and not t - T // N. As there, clipping the data leaves the eps of the
// direction as the network predicted it.
#include <cmath>

#include "methods/solvers/linear_form.h"
#include "methods/solvers/solver_table.h"
#include "methods/solvers/time_grid.h"

namespace diffbench::solvers {
namespace {

Plan make_ddim(const PlanRequest& request, const NoiseSchedule& schedule) {
  const auto times = grid_times(request.grid, schedule, request.steps, GridFamily::kDdpm);
  const auto eta = request.params.at("eta").get<double>();
  PlanBuilder builder("ddim", request.grid, request.steps);
  const Linear x = Linear::state(0);
  const Linear eps = Linear::eps();
  builder.clip(request.clipping);
  const bool clips = request.clipping.kind != Clipping::Kind::kNone;
  const Linear direction_eps = clips ? Linear::unclipped_eps() : eps;
  for (size_t i = 0; i < times.size(); ++i) {
    const bool last = i + 1 == times.size();
    const double alpha = schedule.alpha(times[i]);
    const double sigma = schedule.sigma(times[i]);
    const double next_alpha = last ? 1.0 : schedule.alpha(times[i + 1]);
    const double next_sigma = last ? 0.0 : schedule.sigma(times[i + 1]);
    const double variance =
        eta * eta * (next_sigma * next_sigma) / (sigma * sigma) * (1.0 - alpha * alpha / (next_alpha * next_alpha));
    const double direction = std::sqrt(std::max(0.0, next_sigma * next_sigma - variance));
    builder.evaluate(times[i], static_cast<int>(i), alpha, sigma);
    Linear next = next_alpha * ((x - sigma * eps) / alpha) + direction * direction_eps;
    if (variance > 0.0) {
      next = next + std::sqrt(variance) * Linear::noise();
    }
    builder.update(0, next);
  }
  return builder.finish();
}

}  // namespace

SolverEntry ddim_entry() {
  return {.name = "ddim",
          .summary = "deterministic first-order step along the probability flow; eta = 1 gives DDPM's noise",
          .source = "Song et al., ICLR 2021, arXiv 2010.02502",
          .order = 1,
          .evaluations_per_step = 1,
          .stochastic = false,
          .grids = {"leading", "linspace", "trailing"},
          .params = {{.name = "eta",
                      .type = config::ParamType::kNumber,
                      .default_value = 0.0,
                      .description = "share of DDPM's noise that is added back",
                      .minimum = 0.0,
                      .maximum = 1.0}},
          .make = make_ddim};
}

}  // namespace diffbench::solvers
