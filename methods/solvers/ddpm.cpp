// DDPM's ancestral step (Ho et al., NeurIPS 2020, arXiv 2006.11239, eq. 7) between times t and s of the grid, with
// a_t = alpha_t^2 / alpha_s^2 and b_t = 1 - a_t:
//   x_s = (alpha_s b_t / sigma_t^2) x0 + (sqrt(a_t) sigma_s^2 / sigma_t^2) x_t + sqrt(v) z,  x0 = (x_t - sigma_t eps) /
//   alpha_t.
// v = fixed_small: b_t sigma_s^2 / sigma_t^2, or fixed_large: b_t; learned_range: exp of the network's interpolation
// between their logarithms. Order 1, one evaluation per step; no noise at t = 0. As diffusers'
// DDPMScheduler(clip_sample=False), which also adds noise of deviation 1e-10 (its clamp) in a last step whose variance
// is 0; here none is drawn.
#include <cmath>

#include "methods/solvers/linear_form.h"
#include "methods/solvers/solver_table.h"
#include "methods/solvers/time_grid.h"

namespace diffbench::solvers {
namespace {

constexpr double kLeastVariance = 1e-20;

Plan make_ddpm(const PlanRequest& request, const NoiseSchedule& schedule) {
  const auto times = grid_times(request.grid, schedule, request.steps, GridFamily::kDdpm);
  const auto kind = request.params.at("variance").get<std::string>();
  PlanBuilder builder("ddpm", request.grid, request.steps);
  const Linear x = Linear::state(0);
  const Linear eps = Linear::eps();
  for (size_t i = 0; i < times.size(); ++i) {
    const bool last = i + 1 == times.size();
    const double alpha = schedule.alpha(times[i]);
    const double sigma = schedule.sigma(times[i]);
    const double next_alpha = last ? 1.0 : schedule.alpha(times[i + 1]);
    const double next_sigma = last ? 0.0 : schedule.sigma(times[i + 1]);
    const double a = alpha * alpha / (next_alpha * next_alpha);
    const double b = 1.0 - a;
    const double small = b * next_sigma * next_sigma / (sigma * sigma);
    Evaluation& evaluation = builder.evaluate(times[i], static_cast<int>(i), alpha, sigma);
    Linear next = (next_alpha * b / (sigma * sigma)) * ((x - sigma * eps) / alpha) +
                  (std::sqrt(a) * next_sigma * next_sigma / (sigma * sigma)) * x;
    if (times[i] > 0.0) {
      if (kind == "learned_range") {
        evaluation.learned_variance = {std::log(std::max(small, kLeastVariance)), std::log(b)};
        next = next + Linear::noise();
      } else {
        const double variance = kind == "fixed_small" ? small : b;
        if (variance > 0.0) {
          next = next + std::sqrt(variance) * Linear::noise();
        }
      }
    }
    builder.update(0, next);
  }
  return builder.finish();
}

}  // namespace

SolverEntry ddpm_entry() {
  return {.name = "ddpm",
          .summary = "ancestral sampling",
          .source = "Ho et al., NeurIPS 2020, arXiv 2006.11239",
          .order = 1,
          .evaluations_per_step = 1,
          .stochastic = true,
          .grids = {"leading", "linspace", "trailing"},
          .params = {{.name = "variance",
                      .type = config::ParamType::kString,
                      .default_value = "fixed_small",
                      .description = "of the noise; learned_range needs a network with learned sigma",
                      .choices = {"fixed_small", "fixed_large", "learned_range"}}},
          .make = make_ddpm};
}

}  // namespace diffbench::solvers
