// Every solver, schedule, grid and step count against diffusers 0.42.1 in float64 (make_goldens.py): times equal, network
// inputs and samples within 1e-8.
#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "methods/solvers/plan_reference.h"
#include "methods/solvers/solver_table.h"

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

TEST(SolverGoldens, EqualDiffusers) {
  std::ifstream in(DIFFBENCH_TESTS_DIR "/methods/solvers/goldens.json");
  const auto goldens = json::parse(in);
  const double mean = goldens["mean"];
  const double std = goldens["std"];
  ASSERT_GT(goldens["cases"].size(), 100u);
  for (const auto& golden : goldens["cases"]) {
    const auto name = golden["solver"].get<std::string>() + " " + golden["schedule"].get<std::string>() + " " +
                      golden["grid"].get<std::string>() + " " + golden["steps"].dump() + " " + golden["params"].dump();
    const auto schedule = schedule_of(golden["schedule"]);
    const auto plan = make_plan({.solver = golden["solver"],
                                 .grid = golden["grid"],
                                 .steps = golden["steps"],
                                 .params = golden["params"]},
                                schedule);
    std::vector<double> times;
    std::vector<Values> inputs;
    const auto eps = [&](const Values& x, double t) {
      const double alpha = schedule.alpha(t);
      const double sigma = schedule.sigma(t);
      Values result;
      for (const double value : x) {
        result.push_back(sigma * (value - alpha * mean) / (alpha * alpha * std * std + sigma * sigma));
      }
      return result;
    };
    const auto sample = run_reference(plan, goldens["start"].get<Values>(), eps,
                                      golden["noise"].get<std::vector<Values>>(), [&](double t, const Values& x) {
                                        times.push_back(t);
                                        inputs.push_back(x);
                                      });
    ASSERT_EQ(times, golden["t"].get<std::vector<double>>()) << name;
    for (size_t i = 0; i < inputs.size(); ++i) {
      EXPECT_LT(largest_difference(inputs[i], golden["x"][i].get<Values>()), 1e-8) << name << ", evaluation " << i;
    }
    EXPECT_LT(largest_difference(sample, golden["sample"].get<Values>()), 1e-8) << name;
  }
}

}  // namespace
}  // namespace diffbench::solvers
