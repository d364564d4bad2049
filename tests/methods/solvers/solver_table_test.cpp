#include "methods/solvers/solver_table.h"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "methods/config/input_error.h"
#include "methods/solvers/plan_reference.h"

namespace diffbench::solvers {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const NoiseSchedule kLinear{NoiseScheduleSpec{}};

TEST(SolverTable, NamesAreUniqueAndEveryGridMakesAPlan) {
  std::set<std::string> names;
  for (const auto& entry : solver_table()) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_FALSE(entry.source.empty() || entry.summary.empty()) << entry.name;
    for (const auto& grid : entry.grids) {
      for (const int steps : {1, 2, 7, 50, 500}) {
        const auto plan = make_plan({.solver = entry.name, .grid = grid, .steps = steps}, kLinear);
        EXPECT_EQ(plan.evaluations.size(), static_cast<size_t>(steps * entry.evaluations_per_step)) << entry.name;
      }
    }
  }
}

TEST(SolverTable, MistakesAreNamed) {
  const auto error = [](PlanRequest request, const std::string& text) {
    request.where = "suite.toml:9";
    EXPECT_THAT([&] { make_plan(request, kLinear); },
                ThrowsMessage<config::InputError>(AllOf(HasSubstr("suite.toml:9"), HasSubstr(text))));
  };
  error({.solver = "ddimm"}, "did you mean 'ddim'?");
  error({.solver = "ddim", .grid = "karras"}, "valid: leading linspace trailing");
  error({.solver = "ddim", .steps = 0}, "0 is not 1 to 1000");
  error({.solver = "ddim", .steps = 1001}, "1001 is not 1 to 1000");
  error({.solver = "dpm_solver_pp_2m", .grid = "leading", .steps = 1000}, "repeats a time");
  error({.solver = "ddim", .params = {{"eat", 0.5}}}, "did you mean 'eta'?");
  error({.solver = "ddim", .params = {{"eta", 1.5}}}, "eta");
  error({.solver = "ddpm", .params = {{"variance", "large"}}}, "variance");
}

TEST(SolverTable, AContinuousScheduleIsRefusedByDiscreteGrids) {
  const NoiseSchedule continuous({.kind = "vp_continuous"});
  EXPECT_THAT([&] { make_plan({.solver = "ddim"}, continuous); },
              ThrowsMessage<config::InputError>(HasSubstr("needs a discrete noise schedule")));
}

// error against the exact solution of the probability flow of N(mean, std^2), which moves x along its quantile
double error_at(const std::string& solver, int steps) {
  const double mean = 0.3;
  const double std = 0.4;
  const auto plan = make_plan({.solver = solver, .grid = "trailing", .steps = steps}, kLinear);
  const auto deviation = [&](double t) {
    return std::hypot(kLinear.alpha(t) * std, kLinear.sigma(t));
  };
  const Values start{-1.5, 0.4, 1.1};
  const auto sample = run_reference(plan, start, [&](const Values& x, double t) {
    Values eps;
    for (const double value : x) {
      eps.push_back(kLinear.sigma(t) * (value - kLinear.alpha(t) * mean) / std::pow(deviation(t), 2));
    }
    return eps;
  });
  double largest = 0.0;
  const double begin = plan.evaluations.front().t;
  for (size_t i = 0; i < start.size(); ++i) {
    const double quantile = (start[i] - kLinear.alpha(begin) * mean) / deviation(begin);
    largest = std::max(largest, std::abs(sample[i] - (mean + std * quantile)));
  }
  return largest;
}

// step counts that divide 1000, so that rounding to whole times does not bend the grid
double observed_order(const std::string& solver) { return std::log2(error_at(solver, 20) / error_at(solver, 40)); }

TEST(SolverTable, ErrorsFallAsTheOrderSays) {
  EXPECT_NEAR(observed_order("ddim"), 1.0, 0.15);
  // its last step, to sigma 0, is of first order, but its error is of second: the prediction is nearly exact there
  EXPECT_GT(observed_order("dpm_solver_pp_2m"), 1.6);
  EXPECT_LT(error_at("dpm_solver_pp_2m", 20), 0.6 * error_at("ddim", 20));
}

}  // namespace
}  // namespace diffbench::solvers
