// PNDM (Liu et al., ICLR 2022, arXiv 2202.09778, eqs. 9, 12, 13), on the predicted noise. A transfer from t to s with
// a mean noise e is DDIM's: x_s = (alpha_s / alpha_t) x + (sigma_s - alpha_s sigma_t / alpha_t) e.
//   prk = true (F-PNDM): three steps of Runge-Kutta's classical method, each with two evaluations at a middle time,
//     e = (e1 + 2 e2 + 2 e3 + e4) / 6; then Adams-Bashforth, e = (55 e0 - 59 e1 + 37 e2 - 9 e3) / 24.
//   prk = false (PLMS): the first step is Euler's, repeated with the mean of both ends; then Adams-Bashforth of rising
//     order.
// Order 2 (section 3.3): the weights are of order 4 in time, but the transfer takes e as constant in sigma / alpha. One
// evaluation per step and 9 more (PLMS: 1 more). Times and end as diffusers' PNDMScheduler: the last step goes to index
// 0's alpha unless set_alpha_to_one. Every step goes to the next entry of the list of times, where diffusers steps by
// T // N; they are the same on leading, and on trailing where N divides T.
#include <array>
#include <cmath>

#include "methods/config/input_error.h"
#include "methods/solvers/grid_points.h"
#include "methods/solvers/linear_form.h"
#include "methods/solvers/solver_table.h"
#include "methods/solvers/time_grid.h"

namespace diffbench::solvers {
namespace {

constexpr int kRungeKuttaSteps = 3;
constexpr int kHistory = 4;

// registers: 0 the state, 1 the state at the start of a Runge-Kutta step, 2 the sum of its slopes so far, then a ring
// of four predicted noises
constexpr int kStart = 1;
constexpr int kSum = 2;
constexpr int kRing = 3;

Linear transfer(const Linear& x, const GridPoint& from, const GridPoint& to, const Linear& noise) {
  return (to.alpha / from.alpha) * x + (to.sigma - to.alpha * from.sigma / from.alpha) * noise;
}

class PndmBuilder {
 public:
  PndmBuilder(const PlanRequest& request, const NoiseSchedule& schedule)
      : builder_("pndm", request.grid, request.steps), schedule_(schedule) {
    for (const double t : grid_times(request.grid, schedule, request.steps, GridFamily::kDdpm)) {
      points_.push_back(point_at(schedule, t));
    }
    points_.push_back(request.params.at("set_alpha_to_one").get<bool>() ? GridPoint{} : point_at(schedule, 0.0));
  }

  // four evaluations: at the start, twice in the middle, at the end; the noise of the first joins the history
  void runge_kutta_step(int step, double half) {
    const auto& from = points_[static_cast<size_t>(step)];
    const auto& to = points_[static_cast<size_t>(step) + 1];
    const GridPoint middle = point_at(schedule_, to.t + half);
    const Linear x = Linear::state(0);
    const Linear start = Linear::state(kStart);
    const Linear sum = Linear::state(kSum);
    const Linear eps = Linear::eps();
    evaluate(from, step);
    builder_.update(0, transfer(x, from, middle, eps));
    builder_.update(kStart, x);
    builder_.update(kSum, (1.0 / 6.0) * eps);
    remember(step);
    evaluate(middle, step);
    builder_.update(0, transfer(start, from, middle, eps));
    builder_.update(kSum, sum + (1.0 / 3.0) * eps);
    evaluate(middle, step);
    builder_.update(0, transfer(start, from, to, eps));
    builder_.update(kSum, sum + (1.0 / 3.0) * eps);
    evaluate(to, step);
    builder_.update(0, transfer(start, from, to, sum + (1.0 / 6.0) * eps));
  }

  // Euler's step, then the same step with the mean of the noises at both ends
  void improved_euler_step() {
    const Linear x = Linear::state(0);
    evaluate(points_[0], 0);
    builder_.update(0, transfer(x, points_[0], points_[1], Linear::eps()));
    builder_.update(kStart, x);
    remember(0);
    if (points_.size() == 2) {
      return;
    }
    evaluate(points_[1], 0);
    builder_.update(0, transfer(Linear::state(kStart), points_[0], points_[1], 0.5 * (Linear::eps() + past(0))));
  }

  void adams_bashforth_step(int step) {
    static constexpr std::array<std::array<double, 4>, 4> kWeights = {{{1.0, 0.0, 0.0, 0.0},
                                                                       {3.0 / 2, -1.0 / 2, 0.0, 0.0},
                                                                       {23.0 / 12, -16.0 / 12, 5.0 / 12, 0.0},
                                                                       {55.0 / 24, -59.0 / 24, 37.0 / 24, -9.0 / 24}}};
    const auto order = static_cast<size_t>(std::min(step + 1, kHistory));
    Linear noise = kWeights[order - 1][0] * Linear::eps();
    for (size_t k = 1; k < order; ++k) {
      noise = noise + kWeights[order - 1][k] * past(step - static_cast<int>(k));
    }
    evaluate(points_[static_cast<size_t>(step)], step);
    builder_.update(0, transfer(Linear::state(0), points_[static_cast<size_t>(step)],
                                points_[static_cast<size_t>(step) + 1], noise));
    remember(step);
  }

  Plan finish() { return builder_.finish(); }

 private:
  void evaluate(const GridPoint& point, int step) { builder_.evaluate(point.t, step, point.alpha, point.sigma); }
  void remember(int step) {
    if (step + 2 < static_cast<int>(points_.size())) {
      builder_.update(kRing + step % kHistory, Linear::eps());
    }
  }
  static Linear past(int step) { return Linear::state(kRing + step % kHistory); }

  PlanBuilder builder_;
  const NoiseSchedule& schedule_;
  std::vector<GridPoint> points_;
};

Plan make_pndm(const PlanRequest& request, const NoiseSchedule& schedule) {
  PndmBuilder builder(request, schedule);
  int step = 1;
  if (request.params.at("prk").get<bool>()) {
    const double half = std::floor(std::floor(static_cast<double>(schedule.train_steps()) / request.steps) / 2.0);
    if (request.steps <= kRungeKuttaSteps || half < 1.0) {
      throw config::InputError("pndm: prk = true needs 4 to " + std::to_string(schedule.train_steps() / 2) +
                               " steps, got " + std::to_string(request.steps) + "; prk = false takes any");
    }
    for (step = 0; step < kRungeKuttaSteps; ++step) {
      builder.runge_kutta_step(step, half);
    }
  } else {
    builder.improved_euler_step();
  }
  for (; step < request.steps; ++step) {
    builder.adams_bashforth_step(step);
  }
  return builder.finish();
}

}  // namespace

SolverEntry pndm_entry() {
  return {.name = "pndm",
          .summary = "linear multistep solver on the predicted noise, with a Runge-Kutta or PLMS start",
          .source = "Liu et al., ICLR 2022, arXiv 2202.09778",
          .order = 2,
          .evaluations_per_step = 1,
          .stochastic = false,
          .grids = {"leading", "linspace", "trailing"},
          .params = {{.name = "prk",
                      .type = config::ParamType::kBool,
                      .default_value = true,
                      .description = "start with three Runge-Kutta steps (9 evaluations more), or as PLMS (1 more)"},
                     {.name = "set_alpha_to_one",
                      .type = config::ParamType::kBool,
                      .default_value = false,
                      .description = "end at alpha 1 instead of the alpha of index 0"}},
          .make = make_pndm};
}

}  // namespace diffbench::solvers
