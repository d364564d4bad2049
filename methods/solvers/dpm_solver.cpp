// DPM-Solver, singlestep, of order 1, 2 or 3 (Lu et al., NeurIPS 2022, arXiv 2206.00927, eq. 4.1 and algorithms 1, 2),
// on the predicted noise. With eps_0, eps_1, eps_2 at the start s and at the inner points s1, s2, h = lambda_t -
// lambda_s, r_k = (lambda_sk - lambda_s) / h, D_k = eps_k - eps_0:
//   order 1  x_t = (alpha_t / alpha_s) x - sigma_t (e^h - 1) eps_0
//   order 2  ... - sigma_t (e^h - 1) D_1 / (2 r1)
//   order 3  ... - sigma_t ((e^h - 1) / h - 1) D_2 / r2, where x at s2 also has - sigma_s2 ((e^(r2 h) - 1) / (r2 h) -
//   1)
//            (r2 / r1) D_1.
// `steps` counts evaluations: they are cut into groups of `order`, smaller at the end. On linspace and karras as
// diffusers' DPMSolverSinglestepScheduler (dpmsolver, midpoint, final sigma_min): every point of the grid is called
// once, the step to each is of order 1, 2, 3, 1, 2, 3, ... from the last point of order 1. On uniform, quadratic and
// logsnr as the authors' code.
#include <cmath>
#include <numeric>

#include "methods/solvers/grid_points.h"
#include "methods/solvers/linear_form.h"
#include "methods/solvers/solver_table.h"

namespace diffbench::solvers {
namespace {

// registers: 0 the state, 1 the state at the start of the group, 2 and 3 the group's first and second eps
constexpr int kStart = 1;

// the group's eps number k, at the evaluation of number `now`
Linear eps_number(int k, int now) { return k == now ? Linear::eps() : Linear::state(2 + k); }

// From the group's first point to `to`, with points[0 .. now] called. `as_inner`: the third order's way to its s2,
// which uses D_1 with another factor than the second order's end.
Linear group_step(const std::vector<GridPoint>& points, int now, const GridPoint& to, bool as_inner) {
  const auto& from = points.front();
  const double h = to.lambda() - from.lambda();
  const auto ratio = [&](int k) { return (points[static_cast<size_t>(k)].lambda() - from.lambda()) / h; };
  const auto difference = [&](int k) { return eps_number(k, now) - eps_number(0, now); };
  const Linear x = now == 0 ? Linear::state(0) : Linear::state(kStart);
  Linear next = (to.alpha / from.alpha) * x - (to.sigma * std::expm1(h)) * eps_number(0, now);
  if (now == 1 && !as_inner) {
    next = next - (0.5 * to.sigma * std::expm1(h) / ratio(1)) * difference(1);
  } else if (now > 0) {
    next = next - (to.sigma * (std::expm1(h) / h - 1.0) / ratio(now)) * difference(now);
  }
  return next;
}

void keep_start(PlanBuilder& builder, int now, bool more) {
  if (!more) {
    return;
  }
  if (now == 0) {
    builder.update(kStart, Linear::state(0));
  }
  builder.update(2 + now, Linear::eps());
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

void add_interpolating_steps(PlanBuilder& builder, const std::vector<GridPoint>& points, int order) {
  const int steps = static_cast<int>(points.size()) - 1;
  for (int i = 0; i < steps; ++i) {
    const int now = i % order;
    const auto first = points.begin() + (i - now);
    const auto& point = points[static_cast<size_t>(i)];
    builder.evaluate(point.t, i, point.alpha, point.sigma);
    builder.update(0,
                   group_step({first, first + now + 1}, now, points[static_cast<size_t>(i) + 1], /*as_inner=*/false));
    keep_start(builder, now, i + 1 < steps && now + 1 < order);
  }
}

void add_authors_groups(PlanBuilder& builder, const PlanRequest& request, const NoiseSchedule& schedule, int order) {
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
      builder.update(0, group_step(called, now, points[static_cast<size_t>(now) + 1], now + 1 < size));
      keep_start(builder, now, now + 1 < size);
    }
    at = next;
  }
}

SolverEntry entry_of_order(int order) {
  const std::string name = "dpm_solver_" + std::to_string(order);
  return {.name = name,
          .summary = "singlestep exponential integrator of order " + std::to_string(order) +
                     " on the predicted noise; steps counts evaluations",
          .source = "Lu et al., NeurIPS 2022, arXiv 2206.00927",
          .order = order,
          .evaluations_per_step = 1,
          .stochastic = false,
          .grids = {"linspace", "karras", "uniform", "quadratic", "logsnr"},
          .continuous_grids = {"uniform", "quadratic", "logsnr"},
          .params = {},
          .make = [name, order](const PlanRequest& request, const NoiseSchedule& schedule) {
            PlanBuilder builder(name, request.grid, request.steps);
            if (is_continuous_grid(request.grid)) {
              add_authors_groups(builder, request, schedule, order);
            } else {
              add_interpolating_steps(builder, multistep_points(request.grid, schedule, request.steps, End::kSigmaMin),
                                      order);
            }
            return builder.finish();
          }};
}

}  // namespace

SolverEntry dpm_solver_1_entry() { return entry_of_order(1); }
SolverEntry dpm_solver_2_entry() { return entry_of_order(2); }
SolverEntry dpm_solver_3_entry() { return entry_of_order(3); }

}  // namespace diffbench::solvers
