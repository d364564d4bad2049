#include "methods/solvers/solver_table.h"

#include <gmock/gmock.h>

#include <set>
#include <stdexcept>

#include "methods/config/input_error.h"
#include "methods/solvers/plan_reference.h"

namespace diffbench::solvers {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const NoiseSchedule kLinear{NoiseScheduleSpec{}};

const NoiseSchedule kContinuous({.kind = "vp_continuous"});

// pndm alone makes more evaluations than its steps times evaluations_per_step: 9 more, or 1 with PLMS's start
size_t most_evaluations(const SolverEntry& entry, int steps) {
  return static_cast<size_t>(steps * entry.evaluations_per_step + (entry.name == "pndm" ? 9 : 0));
}

void expect_plan(const SolverEntry& entry, const std::string& grid, int steps, const NoiseSchedule& schedule) {
  SCOPED_TRACE(entry.name + " on " + grid + ", " + std::to_string(steps) + " steps");
  const auto plan = make_plan({.solver = entry.name, .grid = grid, .steps = steps}, schedule);
  const auto most = most_evaluations(entry, steps);
  EXPECT_LE(plan.evaluations.size(), most);  // fewer where the last step needs fewer
  EXPECT_GT(plan.evaluations.size(), most - static_cast<size_t>(entry.evaluations_per_step));
  EXPECT_EQ(plan.evaluations.back().step, steps - 1);
  EXPECT_EQ(plan.solver, entry.name);
  EXPECT_EQ(plan.grid, grid);
  EXPECT_LE(plan.evaluations.front().t, schedule.is_continuous() ? 1.0 : 999.0);
}

TEST(SolverTable, NamesAreUniqueAndEveryGridMakesAPlan) {
  std::set<std::string> names;
  for (const auto& entry : solver_table()) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_FALSE(entry.source.empty() || entry.summary.empty()) << entry.name;
    EXPECT_FALSE(entry.all_grids().empty()) << entry.name;
    for (const int steps : {1, 2, 7, 50, 500}) {
      if (entry.name == "pndm" && steps < 4) {
        continue;  // refused, see below
      }
      for (const auto& grid : entry.grids) {
        expect_plan(entry, grid, steps, kLinear);
      }
      for (const auto& grid : entry.continuous_grids) {
        expect_plan(entry, grid, steps, kContinuous);
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
  error({.solver = "ddim", .grid = "karras"}, "it takes: leading linspace trailing");
  error({.solver = ""}, "valid: ddpm ddim euler_maruyama");
  error({.solver = "ddim", .steps = -3}, "-3 is not 1 to 1000");
  error({.solver = "ddim", .steps = 0}, "0 is not 1 to 1000");
  error({.solver = "ddim", .steps = 1001}, "1001 is not 1 to 1000");
  error({.solver = "dpm_solver_pp_2m", .grid = "leading", .steps = 1000}, "repeats a time");
  error({.solver = "ddim", .params = {{"eat", 0.5}}}, "did you mean 'eta'?");
  error({.solver = "ddim", .params = {{"eta", 1.5}}}, "eta");
  error({.solver = "ddpm", .params = {{"variance", "large"}}}, "variance");
  error({.solver = "dpm_solver_2", .grid = "trailing"}, "it takes: linspace karras uniform quadratic logsnr");
  error({.solver = "dpm_solver_pp_sde", .grid = "uniform"}, "it takes: leading linspace trailing karras");
  error({.solver = "euler_maruyama", .grid = "uniform"}, "needs a vp_continuous noise schedule");
  error({.solver = "unipc", .params = {{"order", 4}}}, "order");
  error({.solver = "pndm", .steps = 3}, "prk = true needs 4 to 500 steps, got 3");
  error({.solver = "edm_heun", .params = {{"s_churn", -1.0}}}, "s_churn");
}

TEST(SolverTable, AContinuousScheduleIsRefusedByDiscreteGrids) {
  EXPECT_THAT([&] { make_plan({.solver = "ddim"}, kContinuous); },
              ThrowsMessage<config::InputError>(HasSubstr("needs a discrete noise schedule")));
  EXPECT_THAT([&] { make_plan({.solver = "unipc", .grid = "karras"}, kContinuous); },
              ThrowsMessage<config::InputError>(HasSubstr("it takes: uniform quadratic logsnr")));
}

TEST(SolverTable, TooFewNoiseDrawsAreRefused) {
  const auto plan = make_plan({.solver = "ddpm", .grid = "leading", .steps = 5}, kLinear);
  ASSERT_EQ(plan.noise_draws, 4);  // none at t = 0
  const auto eps = [](const Values& x, double) { return x; };
  EXPECT_THROW(run_reference(plan, {1.0}, eps, {{0.0}, {0.0}, {0.0}}), std::invalid_argument);
  EXPECT_NO_THROW(run_reference(plan, {1.0}, eps, {{0.0}, {0.0}, {0.0}, {0.0}, {0.0}}));
}

// deterministic solvers take no noise; eta turns ddim into one that does
TEST(SolverTable, NoiseIsDrawnOnlyWhereItsCoefficientIsNotZero) {
  const auto draws = [](const char* solver, const char* grid, nlohmann::json params) {
    return make_plan({.solver = solver, .grid = grid, .steps = 10, .params = std::move(params)}, kLinear).noise_draws;
  };
  for (const char* grid : {"leading", "linspace", "trailing"}) {
    EXPECT_EQ(draws("ddim", grid, {{"eta", 0.0}}), 0) << grid;
    EXPECT_EQ(draws("dpm_solver_pp_2m", grid, nlohmann::json::object()), 0) << grid;
    EXPECT_EQ(draws("ddim", grid, {{"eta", 0.5}}), 9) << grid;  // the last step ends without noise
    EXPECT_EQ(draws("ddpm", grid, {{"variance", "fixed_small"}}), 9) << grid;
  }
  // the last step of trailing starts at t = 99, not at 0, where fixed_large adds noise as diffusers does
  EXPECT_EQ(draws("ddpm", "trailing", {{"variance", "fixed_large"}}), 10);
  EXPECT_EQ(draws("ddpm", "leading", {{"variance", "fixed_large"}}), 9);
}

}  // namespace
}  // namespace diffbench::solvers
