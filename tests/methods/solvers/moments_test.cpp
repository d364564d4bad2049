// Stochastic solvers: mean and covariance of 100,000 samples of a mixture of normals in the plane, with the perfect
// network, within four standard errors of the truth.
#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "methods/solvers/plan_reference.h"
#include "methods/solvers/solver_table.h"

namespace diffbench::solvers {
namespace {

constexpr size_t kSamples = 100'000;
constexpr size_t kChunk = 1'000;  // holding a chunk's step noise at once takes 8 MB for 500 steps
constexpr double kStandardErrors = 4.0;

struct Component {
  double weight;
  std::array<double, 2> mean;
  double deviation;  // the same in every direction
};

// of different sizes, and correlated as a whole
constexpr std::array<Component, 3> kMixture = {
    {{0.5, {-0.6, -0.4}, 0.08}, {0.3, {0.7, 0.1}, 0.1}, {0.2, {0.2, 0.9}, 0.06}}};

// x is x0, x1 of the first sample, then of the second, ...
Values mixture_eps(const NoiseSchedule& schedule, const Values& x, double t) {
  const double alpha = schedule.alpha(t);
  const double sigma = schedule.sigma(t);
  Values eps(x.size());
  for (size_t i = 0; i < x.size(); i += 2) {
    double total = 0.0;
    double sum0 = 0.0;
    double sum1 = 0.0;
    for (const auto& component : kMixture) {
      const double variance = alpha * alpha * component.deviation * component.deviation + sigma * sigma;
      const double from0 = (x[i] - alpha * component.mean[0]) / variance;
      const double from1 = (x[i + 1] - alpha * component.mean[1]) / variance;
      const double density = component.weight / variance * std::exp(-0.5 * variance * (from0 * from0 + from1 * from1));
      total += density;
      sum0 += density * from0;
      sum1 += density * from1;
    }
    eps[i] = sigma * sum0 / total;  // far from all components every density is 0; no sample gets there
    eps[i + 1] = sigma * sum1 / total;
  }
  return eps;
}

// E[x0], E[x1], Var[x0], Var[x1], Cov[x0, x1], and how far 100,000 perfect samples are from each, as one deviation
struct Moments {
  std::array<double, 5> values{};
  std::array<double, 5> standard_errors{};
};

Moments true_moments() {
  Moments moments;
  auto& m = moments.values;
  for (const auto& [weight, mean, deviation] : kMixture) {
    m[0] += weight * mean[0];
    m[1] += weight * mean[1];
  }
  std::array<double, 3> fourth{};  // E[d0^4], E[d1^4], E[d0^2 d1^2] of d = x - E[x]
  for (const auto& [weight, mean, deviation] : kMixture) {
    const double d0 = mean[0] - m[0];
    const double d1 = mean[1] - m[1];
    const double v = deviation * deviation;
    m[2] += weight * (d0 * d0 + v);
    m[3] += weight * (d1 * d1 + v);
    m[4] += weight * d0 * d1;
    fourth[0] += weight * (std::pow(d0, 4) + 6 * d0 * d0 * v + 3 * v * v);
    fourth[1] += weight * (std::pow(d1, 4) + 6 * d1 * d1 * v + 3 * v * v);
    fourth[2] += weight * (d0 * d0 + v) * (d1 * d1 + v);
  }
  const std::array<double, 5> variances = {m[2], m[3], fourth[0] - m[2] * m[2], fourth[1] - m[3] * m[3],
                                           fourth[2] - m[4] * m[4]};
  for (size_t i = 0; i < variances.size(); ++i) {
    moments.standard_errors[i] = std::sqrt(variances[i] / kSamples);
  }
  return moments;
}

// the largest distance of a sample moment from the truth, in standard errors
double largest_distance(const Values& samples) {
  const auto truth = true_moments();
  std::array<double, 5> sums{};
  for (size_t i = 0; i < samples.size(); i += 2) {
    const double d0 = samples[i] - truth.values[0];
    const double d1 = samples[i + 1] - truth.values[1];
    const std::array<double, 5> of_sample = {d0, d1, d0 * d0, d1 * d1, d0 * d1};
    for (size_t k = 0; k < sums.size(); ++k) {
      sums[k] += of_sample[k];
    }
  }
  double largest = 0.0;
  for (size_t k = 0; k < sums.size(); ++k) {
    const double expected = k < 2 ? 0.0 : truth.values[k];
    const double distance = (sums[k] / static_cast<double>(kSamples) - expected) / truth.standard_errors[k];
    largest = std::max(largest, std::abs(distance));
  }
  return largest;
}

Values sample_of(const Plan& plan, const NoiseSchedule& schedule) {
  std::mt19937_64 random(20'240'611);
  std::normal_distribution<double> normal;
  const auto draw = [&] {
    Values values(2 * kChunk);
    for (double& value : values) {
      value = normal(random);
    }
    return values;
  };
  Values samples;
  for (size_t done = 0; done < kSamples; done += kChunk) {
    const Values start = draw();
    std::vector<Values> noise;
    for (int i = 0; i < plan.noise_draws; ++i) {
      noise.push_back(draw());
    }
    const auto chunk = run_reference(
        plan, start, [&](const Values& x, double t) { return mixture_eps(schedule, x, t); }, noise);
    samples.insert(samples.end(), chunk.begin(), chunk.end());
  }
  return samples;
}

struct StochasticCase {
  std::string name;
  PlanRequest request;
  std::string noise = "linear";

  friend std::ostream& operator<<(std::ostream& out, const StochasticCase& c) { return out << c.name; }
};

// As many steps as it takes until what is left of the error of discretisation is a standard error or so. ddpm with
// fixed_small, and ddim with eta = 1, need most: their variance would be right for data that are one single point.
std::vector<StochasticCase> stochastic_cases() {
  return {
      {"ddpm_fixed_small", {.solver = "ddpm", .steps = 500, .params = {{"variance", "fixed_small"}}}},
      {"ddpm_fixed_large", {.solver = "ddpm", .steps = 250, .params = {{"variance", "fixed_large"}}}},
      {"ddim_eta_1", {.solver = "ddim", .grid = "leading", .steps = 500, .params = {{"eta", 1.0}}}},
      {"euler_maruyama", {.solver = "euler_maruyama", .grid = "uniform", .steps = 200}, "vp_continuous"},
      {"dpm_solver_pp_sde", {.solver = "dpm_solver_pp_sde", .grid = "trailing", .steps = 100}},
      {"edm_heun_churn", {.solver = "edm_heun", .grid = "edm", .steps = 100, .params = {{"s_churn", 10.0}}}},
  };
}

class SolverMoments : public ::testing::TestWithParam<StochasticCase> {};

TEST_P(SolverMoments, AreWithinFourStandardErrors) {
  const auto& c = GetParam();
  const NoiseSchedule schedule({.kind = c.noise});
  const auto plan = make_plan(c.request, schedule);
  ASSERT_GT(plan.noise_draws, 0);
  const double distance = largest_distance(sample_of(plan, schedule));
  RecordProperty("standard_errors", std::to_string(distance));
  EXPECT_LT(distance, kStandardErrors);
}

INSTANTIATE_TEST_SUITE_P(All, SolverMoments, ::testing::ValuesIn(stochastic_cases()),
                         [](const auto& instance) { return instance.param.name; });

TEST(SolverMomentsCheck, AcceptsSamplesOfTheMixtureItself) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  std::discrete_distribution<size_t> choose({kMixture[0].weight, kMixture[1].weight, kMixture[2].weight});
  Values samples;
  for (size_t i = 0; i < kSamples; ++i) {
    const auto& component = kMixture[choose(random)];
    samples.push_back(component.mean[0] + component.deviation * normal(random));
    samples.push_back(component.mean[1] + component.deviation * normal(random));
  }
  EXPECT_LT(largest_distance(samples), kStandardErrors);
  for (double& value : samples) {
    value *= 1.02;  // 2 % too wide
  }
  EXPECT_GT(largest_distance(samples), kStandardErrors);
}

TEST(SolverMomentsCheck, RefusesTooFewSteps) {
  const NoiseSchedule schedule{NoiseScheduleSpec{}};
  EXPECT_GT(largest_distance(sample_of(make_plan({.solver = "ddpm", .steps = 20}, schedule), schedule)),
            kStandardErrors);
}

// a mistake found in public code: the noise is multiplied by its variance instead of its deviation
TEST(SolverMomentsCheck, RefusesNoiseScaledByItsVariance) {
  const NoiseSchedule schedule{NoiseScheduleSpec{}};
  auto plan = make_plan({.solver = "dpm_solver_pp_sde", .grid = "trailing", .steps = 100}, schedule);
  for (auto& evaluation : plan.evaluations) {
    for (auto& term : evaluation.updates.front().terms) {
      term.coefficient *= term.source == kNoise ? term.coefficient : 1.0;
    }
  }
  EXPECT_GT(largest_distance(sample_of(plan, schedule)), kStandardErrors);
}

}  // namespace
}  // namespace diffbench::solvers
