// Solvers, schedules and grids against diffusers 0.42.1 in float64 (make_goldens.py): times equal, network inputs and
// samples within 1e-8.
#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "methods/config/input_error.h"
#include "methods/solvers/plan_reference.h"
#include "methods/solvers/solver_table.h"
#include "methods/solvers/time_grid.h"

namespace diffbench::solvers {
namespace {

using nlohmann::json;

double largest_difference(const Values& a, const Values& b) {
  double largest = a.size() == b.size() ? 0.0 : INFINITY;
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
    largest = std::max(largest, std::abs(a[i] - b[i]));
  }
  return largest;
}

NoiseSchedule schedule_of(const std::string& kind) {
  NoiseScheduleSpec spec{.kind = kind};
  if (kind == "scaled_linear") {
    spec.beta_start = 0.00085;
    spec.beta_end = 0.012;
  }
  return NoiseSchedule(spec);
}

// sum of (i + 1) * t_i modulo 9973; -1 where rounding would repeat a time
int64_t grid_sum(const std::string& grid, const NoiseSchedule& schedule, int steps, GridFamily family) {
  try {
    int64_t sum = 0;
    int64_t position = 0;
    for (const double t : grid_times(grid, schedule, steps, family)) {
      sum += ++position * static_cast<int64_t>(t);
    }
    return sum % 9973;
  } catch (const config::InputError&) {
    return -1;
  }
}

json read_goldens(const std::string& name = "goldens.json") {
  std::ifstream in(DIFFBENCH_TESTS_DIR "/methods/solvers/" + name);
  return json::parse(in);
}

// the network that knows the data: independent normals
Values exact_eps(const NoiseSchedule& schedule, const json& goldens, const Values& x, double t) {
  const double mean = goldens["mean"];
  const double std = goldens["std"];
  const double alpha = schedule.alpha(t);
  const double sigma = schedule.sigma(t);
  Values result;
  for (const double value : x) {
    result.push_back(sigma * (value - alpha * mean) / (alpha * alpha * std * std + sigma * sigma));
  }
  return result;
}

// Times of the authors' continuous grids went through another order of rounding, and diffusers' are equal.
void expect_equal_trajectory(const json& goldens, const json& golden, double time_tolerance) {
  const auto name = golden["solver"].get<std::string>() + " " + golden["schedule"].get<std::string>() + " " +
                    golden["grid"].get<std::string>() + " " + golden["steps"].dump() + " " + golden["params"].dump();
  SCOPED_TRACE(name);
  const auto schedule = schedule_of(golden["schedule"]);
  const auto plan = make_plan(
      {.solver = golden["solver"], .grid = golden["grid"], .steps = golden["steps"], .params = golden["params"]},
      schedule);
  std::vector<double> times;
  std::vector<Values> inputs;
  const auto sample = run_reference(
      plan, goldens["start"].get<Values>(),
      [&](const Values& x, double t) { return exact_eps(schedule, goldens, x, t); },
      golden["noise"].get<std::vector<Values>>(),
      [&](double t, const Values& x) {
        times.push_back(t);
        inputs.push_back(x);
      });
  EXPECT_EQ(plan.steps, golden["steps"].get<int>());
  EXPECT_LE(plan.noise_draws, static_cast<int>(golden["noise"].size()));  // ddpm: see the generator
  ASSERT_EQ(times.size(), golden["t"].size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    EXPECT_NEAR(times[i], golden["t"][i].get<double>(), time_tolerance) << "evaluation " << i;
    EXPECT_LT(largest_difference(inputs[i], golden["x"][i].get<Values>()), 1e-8) << "evaluation " << i;
  }
  EXPECT_LT(largest_difference(sample, golden["sample"].get<Values>()), 1e-8);
}

TEST(SolverGoldens, TrajectoriesEqualDiffusers) {
  const auto goldens = read_goldens();
  ASSERT_GT(goldens["cases"].size(), 300u);
  for (const auto& golden : goldens["cases"]) {
    expect_equal_trajectory(goldens, golden, 0.0);
  }
}

TEST(SolverGoldens, TrajectoriesEqualTheAuthorsCode) {
  const auto goldens = read_goldens("author_goldens.json");
  ASSERT_GT(goldens["cases"].size(), 200u);
  for (const auto& golden : goldens["cases"]) {
    expect_equal_trajectory(goldens, golden, 1e-9);
  }
}

TEST(SolverGoldens, SignalTablesEqual) {
  const auto tables = read_goldens()["tables"];
  for (const char* kind : {"linear", "scaled_linear", "cosine"}) {
    const auto schedule = schedule_of(kind);
    ASSERT_EQ(tables["t"].size(), tables[kind].size());
    for (size_t i = 0; i < tables["t"].size(); ++i) {
      const double expected = tables[kind][i];
      const size_t t = tables["t"][i];
      EXPECT_NEAR(schedule.alphas_cumprod().at(t) / expected, 1.0, 1e-12) << kind << " at " << t;
      EXPECT_NEAR(schedule.alpha(static_cast<double>(t)), std::sqrt(expected), 1e-12) << kind << " at " << t;
    }
  }
}

// all times of all grids, for every number of steps that a schedule of 1000 allows
TEST(SolverGoldens, GridsEqualDiffusersAtEveryNumberOfSteps) {
  const auto sums = read_goldens()["grid_sums"];
  const auto schedule = schedule_of("linear");
  for (const char* solver : {"ddim", "dpm_solver_pp_2m"}) {
    const auto family = std::string(solver) == "ddim" ? GridFamily::kDdpm : GridFamily::kMultistep;
    for (const char* grid : {"leading", "linspace", "trailing"}) {
      const auto expected = sums.at(std::string(solver) + " " + grid).get<std::vector<int64_t>>();
      ASSERT_EQ(expected.size(), 1000u);
      for (int steps = 1; steps <= 1000; ++steps) {
        const auto sum = grid_sum(grid, schedule, steps, family);
        ASSERT_EQ(sum, expected[static_cast<size_t>(steps - 1)]) << solver << " " << grid << " " << steps;
      }
    }
  }
}

}  // namespace
}  // namespace diffbench::solvers
