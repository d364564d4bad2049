// Solvers on data that are one normal distribution N(mean, deviation^2): the network, the probability flow and the
// distribution of the samples are known in closed form, so order and variance are measured without a second program.
#include <gmock/gmock.h>

#include <cmath>
#include <utility>
#include <vector>

#include "methods/solvers/plan_reference.h"
#include "methods/solvers/solver_table.h"

namespace diffbench::solvers {
namespace {

constexpr double kMean = 0.3;
constexpr double kDeviation = 0.4;

// 1024 train steps and powers of two: every trailing grid is exactly uniform. On 1000, rounding to whole times moves
// the grid by up to half an index, which at 128 steps is 6 % of a step and bends the fitted order.
NoiseSchedule uniform_schedule() { return NoiseSchedule({.train_steps = 1024}); }

double deviation_at(const NoiseSchedule& schedule, double t) {
  return std::hypot(schedule.alpha(t) * kDeviation, schedule.sigma(t));
}

Values gaussian_eps(const NoiseSchedule& schedule, const Values& x, double t) {
  Values eps;
  for (const double value : x) {
    eps.push_back(schedule.sigma(t) * (value - schedule.alpha(t) * kMean) / std::pow(deviation_at(schedule, t), 2));
  }
  return eps;
}

// The probability flow keeps every x at its quantile of N(alpha mean, alpha^2 deviation^2 + sigma^2).
struct Errors {
  double halfway;  // of the network's input at the evaluation whose t is train_steps / 2 - 1, whatever the steps
  double sample;
};

Errors errors_of(const std::string& solver, int steps) {
  const auto schedule = uniform_schedule();
  const auto plan = make_plan({.solver = solver, .grid = "trailing", .steps = steps}, schedule);
  const double begin = plan.evaluations.front().t;
  const double start = 1.1;
  const double quantile = (start - schedule.alpha(begin) * kMean) / deviation_at(schedule, begin);
  double halfway = NAN;
  const auto sample = run_reference(
      plan, {start}, [&](const Values& x, double t) { return gaussian_eps(schedule, x, t); }, {},
      [&](double t, const Values& x) {
        if (t == 511.0) {
          halfway = std::abs(x[0] - schedule.alpha(t) * kMean - deviation_at(schedule, t) * quantile);
        }
      });
  return {halfway, std::abs(sample[0] - kMean - kDeviation * quantile)};
}

// least squares of log2(error) over log2(steps), steps = 8, 16, ... 128, with its sign turned
double fitted_order(const std::vector<double>& errors) {
  const double count = static_cast<double>(errors.size());
  double sum_xy = 0.0;
  double sum_xx = 0.0;
  for (size_t i = 0; i < errors.size(); ++i) {
    const double x = static_cast<double>(i) - (count - 1.0) / 2.0;
    sum_xy += x * std::log2(errors[i]);
    sum_xx += x * x;
  }
  return -sum_xy / sum_xx;
}

struct Orders {
  double halfway;
  double sample;
};

Orders orders_of(const std::string& solver) {
  std::vector<double> halfway;
  std::vector<double> sample;
  for (int steps = 8; steps <= 128; steps *= 2) {
    const auto errors = errors_of(solver, steps);
    halfway.push_back(errors.halfway);
    sample.push_back(errors.sample);
  }
  return {fitted_order(halfway), fitted_order(sample)};
}

// Halfway shows the order of the step itself. The sample also contains the last steps, whose log(alpha / sigma) goes to
// infinity and does not become dense with more steps: ddim stays of first order there, while dpm_solver_pp_2m's error
// changes sign between 64 and 128 steps, so that no order can be fitted to it and it is compared with ddim's instead.
TEST(SolverAccuracy, DdimIsOfFirstOrder) {
  const auto orders = orders_of("ddim");
  EXPECT_NEAR(orders.halfway, 1.0, 0.1);
  EXPECT_NEAR(orders.sample, 1.0, 0.1);
}

TEST(SolverAccuracy, DpmSolverPp2mIsOfSecondOrderBeforeItsLastSteps) {
  EXPECT_NEAR(orders_of("dpm_solver_pp_2m").halfway, 2.0, 0.15);
  for (const auto& [steps, times_better] : {std::pair{8, 1.05}, {16, 1.5}, {32, 4.0}, {64, 20.0}, {128, 20.0}}) {
    EXPECT_LT(errors_of("dpm_solver_pp_2m", steps).sample * times_better, errors_of("ddim", steps).sample) << steps;
  }
}

// What each draw of step noise and the start contribute to the sample: component i of the vectors is a trajectory of
// its own, in which only source i is 1. Everything is linear, so mean and variance of the samples follow exactly.
struct Moments {
  double mean;
  double variance;
};

Moments sample_moments(const Plan& plan, const NoiseSchedule& schedule) {
  const auto sources = static_cast<size_t>(plan.noise_draws) + 1;
  Values start(sources + 1, 0.0);  // the last component: no source at all
  start[0] = 1.0;
  std::vector<Values> noise(static_cast<size_t>(plan.noise_draws), Values(sources + 1, 0.0));
  for (size_t i = 0; i < noise.size(); ++i) {
    noise[i][i + 1] = 1.0;
  }
  const auto sample = run_reference(
      plan, start, [&](const Values& x, double t) { return gaussian_eps(schedule, x, t); }, noise);
  double variance = 0.0;
  for (size_t i = 0; i < sources; ++i) {
    variance += std::pow(sample[i] - sample.back(), 2);
  }
  return {sample.back(), variance};
}

TEST(SolverAccuracy, ManyStepsSampleTheDistribution) {
  const NoiseSchedule schedule{NoiseScheduleSpec{}};
  const std::vector<PlanRequest> requests = {
      {.solver = "ddpm", .steps = 1000, .params = {{"variance", "fixed_small"}}},
      {.solver = "ddpm", .steps = 1000, .params = {{"variance", "fixed_large"}}},
      {.solver = "ddim", .steps = 1000},
      {.solver = "ddim", .steps = 1000, .params = {{"eta", 0.7}}},
      {.solver = "dpm_solver_pp_2m", .steps = 1000},
  };
  for (const auto& request : requests) {
    const auto moments = sample_moments(make_plan(request, schedule), schedule);
    EXPECT_NEAR(moments.mean, kMean, 0.005) << request.solver << request.params;
    EXPECT_NEAR(std::sqrt(moments.variance), kDeviation, 0.005) << request.solver << request.params;
  }
}

Values sample_of(const PlanRequest& request, double learned_v = NAN) {
  const NoiseSchedule schedule{NoiseScheduleSpec{}};
  const auto plan = make_plan(request, schedule);
  std::vector<Values> noise;
  for (int i = 0; i < request.steps; ++i) {
    noise.push_back({std::sin(1.0 + i), std::cos(2.0 * i)});
  }
  return run_reference(
      plan, {0.7, -1.2},
      [&](const Values& x, double t) {
        auto output = gaussian_eps(schedule, x, t);
        if (!std::isnan(learned_v)) {
          output.insert(output.end(), x.size(), learned_v);
        }
        return output;
      },
      noise);
}

TEST(SolverAccuracy, DdimWithEtaOneIsDdpm) {
  for (const char* grid : {"leading", "linspace", "trailing"}) {
    const auto ddim = sample_of({.solver = "ddim", .grid = grid, .steps = 12, .params = {{"eta", 1.0}}});
    const auto ddpm = sample_of({.solver = "ddpm", .grid = grid, .steps = 12});
    EXPECT_NEAR(ddim[0], ddpm[0], 1e-12) << grid;
    EXPECT_NEAR(ddim[1], ddpm[1], 1e-12) << grid;
  }
}

// the network's v of -1 and 1 chooses the ends of the range; a last step of variance 0 is clamped to 1e-20
TEST(SolverAccuracy, LearnedRangeEndsAtTheFixedVariances) {
  for (const char* grid : {"leading", "linspace", "trailing"}) {
    const PlanRequest learned{.solver = "ddpm", .grid = grid, .steps = 12, .params = {{"variance", "learned_range"}}};
    const auto small = sample_of({.solver = "ddpm", .grid = grid, .steps = 12});
    const auto large =
        sample_of({.solver = "ddpm", .grid = grid, .steps = 12, .params = {{"variance", "fixed_large"}}});
    const auto lower = sample_of(learned, -1.0);
    const auto upper = sample_of(learned, 1.0);
    for (size_t i = 0; i < small.size(); ++i) {
      EXPECT_NEAR(lower[i], small[i], 1e-9) << grid;
      EXPECT_NEAR(upper[i], large[i], 1e-9) << grid;
    }
    EXPECT_GT(std::abs(small[0] - large[0]), 1e-3) << grid;
  }
}

}  // namespace
}  // namespace diffbench::solvers
