// Heun's method of EDM (Karras et al., NeurIPS 2022, arXiv 2206.00364, algorithm 2), on x / alpha = data + s noise,
// where s = sigma / alpha and the slope dx/ds is the predicted noise:
//   churn: s^ = s (1 + gamma), x^ = x + s_noise sqrt(s^^2 - s^2) z, gamma = min(s_churn / N, sqrt(2) - 1) for s in
//   [s_tmin, s_tmax], else 0; then x' = x^ + (s_next - s^) d(x^, s^), and, unless s_next is 0,
//   x = x^ + (s_next - s^) (d(x^, s^) + d(x', s_next)) / 2.
// Order 2, two evaluations per step, one in the last. As NVlabs' edm_sampler on grid `edm`, and diffusers'
// HeunDiscreteScheduler (which has no churn) on the others; the latter starts from sqrt(s_max^2 + 1) on `leading`.
#include <algorithm>
#include <cmath>
#include <limits>

#include "methods/solvers/grid_points.h"
#include "methods/solvers/linear_form.h"
#include "methods/solvers/solver_table.h"

namespace diffbench::solvers {
namespace {

// the largest value that churning can raise a sigma to is times sqrt(2)
const double kLargestGamma = std::sqrt(2.0) - 1.0;

Plan make_edm_heun(const PlanRequest& request, const NoiseSchedule& schedule) {
  const auto points = heun_points(request.grid, schedule, request.steps);
  const auto number = [&](const char* name) { return request.params.at(name).get<double>(); };
  const double gamma_in_range = std::min(number("s_churn") / request.steps, kLargestGamma);
  const auto gamma_at = [&](double s) { return s >= number("s_tmin") && s <= number("s_tmax") ? gamma_in_range : 0.0; };
  // what is added where the step from a point begins
  const auto churn = [&](double s) {
    const double raised = s * (1.0 + gamma_at(s));
    return number("s_noise") * std::sqrt(raised * raised - s * s) * Linear::noise();
  };
  PlanBuilder builder("edm_heun", request.grid, request.steps);
  const double largest = points.front().ratio();
  builder.start_with(request.grid == "leading" ? std::hypot(largest, 1.0) : largest);
  const Linear x = Linear::state(0);
  const Linear start = Linear::state(1);
  const Linear slope = Linear::state(2);
  const auto evaluate = [&](double t, double s, int step) {
    builder.evaluate(t, step, /*alpha=*/1.0, /*sigma=*/s).input_scale = 1.0 / std::hypot(s, 1.0);
  };
  if (gamma_at(largest) > 0.0) {
    builder.prologue(0, x + churn(largest));
  }
  for (int i = 0; i < request.steps; ++i) {
    const auto& from = points[static_cast<size_t>(i)];
    const auto& to = points[static_cast<size_t>(i) + 1];
    const double gamma = gamma_at(from.ratio());
    const double s = from.ratio() * (1.0 + gamma);
    const double raised_t = std::min(schedule.time_of_lambda(-std::log(s)), last_time(schedule));
    const double ds = to.ratio() - s;
    evaluate(gamma > 0.0 ? raised_t : from.t, s, i);
    builder.update(0, x + ds * Linear::eps());
    if (to.sigma == 0.0) {
      break;
    }
    builder.update(1, x);
    builder.update(2, Linear::eps());
    evaluate(to.t, to.ratio(), i);
    builder.update(0, start + (0.5 * ds) * (slope + Linear::eps()) + churn(to.ratio()));
  }
  return builder.finish();
}

config::ParamSpec churn_param(const char* name, double default_value, const char* description) {
  return {.name = name,
          .type = config::ParamType::kNumber,
          .default_value = default_value,
          .description = description,
          .minimum = 0.0};
}

}  // namespace

SolverEntry edm_heun_entry() {
  return {.name = "edm_heun",
          .summary = "Heun's method on sigma / alpha, optionally with churn",
          .source = "Karras et al., NeurIPS 2022, arXiv 2206.00364",
          .order = 2,
          .evaluations_per_step = 2,
          .stochastic = false,
          .grids = {"edm", "karras", "leading", "linspace", "trailing"},
          .continuous_grids = {"edm"},
          .params = {churn_param("s_churn", 0.0, "noise that is added and removed again over all steps"),
                     churn_param("s_tmin", 0.0, "smallest sigma / alpha at which noise is added"),
                     churn_param("s_tmax", std::numeric_limits<double>::max(),
                                 "largest sigma / alpha at which noise is added"),
                     churn_param("s_noise", 1.0, "deviation of the added noise")},
          .make = make_edm_heun};
}

}  // namespace diffbench::solvers
