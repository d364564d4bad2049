// Solvers on data that are one normal distribution: the distribution of the samples is known in closed form, so their
// variance is measured without a second program. convergence_test.cpp measures orders.
#include <gmock/gmock.h>

#include <cmath>
#include <vector>

#include "methods/solvers/solver_table.h"
#include "tests/methods/solvers/gaussian_data.h"

namespace diffbench::solvers {
namespace {

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
