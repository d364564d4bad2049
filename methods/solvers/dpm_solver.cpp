// DPM-Solver and DPM-Solver++, singlestep, of order 1, 2 or 3 (Lu et al., NeurIPS 2022, arXiv 2206.00927, eq. 4.1 and
// algorithms 1, 2; 2022, arXiv 2211.01095, section 4): the first integrates the predicted noise, the second the
// predicted data. With m_0, m_1, m_2 the prediction at the start s and at the inner points s1, s2, h = lambda_t -
// lambda_s, r_k = (lambda_sk - lambda_s) / h, D_k = m_k - m_0, and
//            keep               phi_1                      phi_2
//   noise    alpha_t / alpha_s  -sigma_t (e^h - 1)         -sigma_t ((e^h - 1) / h - 1)
//   data     sigma_t / sigma_s  -alpha_t (e^-h - 1)        alpha_t ((e^-h - 1) / h + 1)
// the steps are
//   order 1  x_t = keep x + phi_1 m_0
//   order 2  ... + phi_1 D_1 / (2 r1)
//   order 3  ... + phi_2 D_2 / r2, where x at s2 also has phi_2 D_1 / r1 of the way to s2.
// `steps` counts evaluations: they are cut into groups of `order`, smaller at the end. On linspace and karras as
// diffusers' DPMSolverSinglestepScheduler (midpoint, final sigma_min): every point of the grid is called once, the step
// to each is of order 1, 2, 3, 1, 2, 3, ... from the last point of order 1. On uniform, quadratic and logsnr as the
// authors' code; U-ViT's and AdaDiff's latent networks are sampled with dpm_solver_pp_3s on uniform.
#include <cmath>
#include <numeric>

#include "methods/solvers/grid_points.h"
#include "methods/solvers/linear_form.h"
#include "methods/solvers/solver_table.h"

namespace diffbench::solvers {
namespace {

enum class Integrand { kNoise, kData };

// registers: 0 the state, 1 the state at the start of the group, 2 and 3 the group's first and second prediction
constexpr int kStart = 1;

Linear prediction_at(const GridPoint& point, Integrand integrand) {
  return integrand == Integrand::kNoise ? Linear::eps()
                                        : (Linear::state(0) - point.sigma * Linear::eps()) / point.alpha;
}

// From the group's first point to `to`, with points[0 .. now] called. `as_inner`: the third order's way to its s2,
// which uses D_1 with another factor than the second order's end.
Linear group_step(const std::vector<GridPoint>& points, int now, const GridPoint& to, bool as_inner,
                  Integrand integrand) {
  const auto& from = points.front();
  const double h = to.lambda() - from.lambda();
  const bool data = integrand == Integrand::kData;
  const double keep = data ? to.sigma / from.sigma : to.alpha / from.alpha;
  const double phi_1 = data ? -to.alpha * std::expm1(-h) : -to.sigma * std::expm1(h);
  const double phi_2 = data ? to.alpha * (std::expm1(-h) / h + 1.0) : -to.sigma * (std::expm1(h) / h - 1.0);
  const auto ratio = [&](int k) { return (points[static_cast<size_t>(k)].lambda() - from.lambda()) / h; };
  const auto prediction = [&](int k) {
    return k == now ? prediction_at(points[static_cast<size_t>(k)], integrand) : Linear::state(2 + k);
  };
  const auto difference = [&](int k) { return prediction(k) - prediction(0); };
  const Linear x = now == 0 ? Linear::state(0) : Linear::state(kStart);
  Linear next = keep * x + phi_1 * prediction(0);
  if (now == 1 && !as_inner) {
    next = next + (0.5 * phi_1 / ratio(1)) * difference(1);
  } else if (now > 0) {
    next = next + (phi_2 / ratio(now)) * difference(now);
  }
  return next;
}

void keep_start(PlanBuilder& builder, const GridPoint& point, int now, bool more, Integrand integrand) {
  if (!more) {
    return;
  }
  if (now == 0) {
    builder.update(kStart, Linear::state(0));
  }
  builder.update(2 + now, prediction_at(point, integrand));
}

// how the authors cut the evaluations into groups
std::vector<int> authors_groups(int steps, int order) {
  std::vector<int> groups(static_cast<size_t>(steps / order), order);
  if (steps % order != 0) {
    groups.push_back(steps % order);
  } else if (order == 3) {
    groups.back() = 2;
    groups.push_back(1);
  }
  return groups;
}

void add_interpolating_steps(PlanBuilder& builder, const std::vector<GridPoint>& points, int order,
                             Integrand integrand) {
  const int steps = static_cast<int>(points.size()) - 1;
  for (int i = 0; i < steps; ++i) {
    const int now = i % order;
    const auto first = points.begin() + (i - now);
    const auto& point = points[static_cast<size_t>(i)];
    builder.evaluate(point.t, i, point.alpha, point.sigma);
    builder.update(0, group_step({first, first + now + 1}, now, points[static_cast<size_t>(i) + 1],
                                 /*as_inner=*/false, integrand));
    keep_start(builder, point, now, i + 1 < steps && now + 1 < order, integrand);
  }
}

void add_authors_groups(PlanBuilder& builder, const PlanRequest& request, const NoiseSchedule& schedule, int order,
                        Integrand integrand) {
  const auto groups = authors_groups(request.steps, order);
  const double begin = last_time(schedule);
  const double end = first_time(schedule);
  // on logsnr all groups have one length, elsewhere each is as long as its evaluations
  const auto outer = continuous_times(request.grid, schedule, begin, end,
                                      request.grid == "logsnr" ? static_cast<int>(groups.size()) : request.steps);
  size_t at = 0;
  int evaluation = 0;
  for (const int size : groups) {
    const size_t next = request.grid == "logsnr" ? at + 1 : at + static_cast<size_t>(size);
    std::vector<GridPoint> points;
    for (const double t : continuous_times(request.grid, schedule, outer[at], outer[next], size)) {
      points.push_back(point_at(schedule, t));
    }
    for (int now = 0; now < size; ++now) {
      const auto& point = points[static_cast<size_t>(now)];
      const std::vector<GridPoint> called(points.begin(), points.begin() + now + 1);
      builder.evaluate(point.t, evaluation++, point.alpha, point.sigma);
      builder.update(0, group_step(called, now, points[static_cast<size_t>(now) + 1], now + 1 < size, integrand));
      keep_start(builder, point, now, now + 1 < size, integrand);
    }
    at = next;
  }
}

SolverEntry entry_of(const std::string& name, int order, Integrand integrand) {
  const bool data = integrand == Integrand::kData;
  return {.name = name,
          .summary = "singlestep exponential integrator of order " + std::to_string(order) + " on the predicted " +
                     (data ? "data" : "noise") + "; steps counts evaluations",
          .source = data ? "Lu et al., 2022, arXiv 2211.01095" : "Lu et al., NeurIPS 2022, arXiv 2206.00927",
          .order = order,
          .evaluations_per_step = 1,
          .stochastic = false,
          .grids = {"linspace", "karras", "uniform", "quadratic", "logsnr"},
          .continuous_grids = {"uniform", "quadratic", "logsnr"},
          .params = {},
          .make = [name, order, integrand](const PlanRequest& request, const NoiseSchedule& schedule) {
            PlanBuilder builder(name, request.grid, request.steps);
            if (is_continuous_grid(request.grid)) {
              add_authors_groups(builder, request, schedule, order, integrand);
            } else {
              add_interpolating_steps(builder, multistep_points(request.grid, schedule, request.steps, End::kSigmaMin),
                                      order, integrand);
            }
            return builder.finish();
          }};
}

}  // namespace

SolverEntry dpm_solver_1_entry() { return entry_of("dpm_solver_1", 1, Integrand::kNoise); }
SolverEntry dpm_solver_2_entry() { return entry_of("dpm_solver_2", 2, Integrand::kNoise); }
SolverEntry dpm_solver_3_entry() { return entry_of("dpm_solver_3", 3, Integrand::kNoise); }
SolverEntry dpm_solver_pp_2s_entry() { return entry_of("dpm_solver_pp_2s", 2, Integrand::kData); }
SolverEntry dpm_solver_pp_3s_entry() { return entry_of("dpm_solver_pp_3s", 3, Integrand::kData); }

}  // namespace diffbench::solvers
