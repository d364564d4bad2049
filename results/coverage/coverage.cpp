#include "results/coverage/coverage.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

namespace diffbench::results::coverage {
namespace {

constexpr double kTail = 0.025;

std::optional<Interval> interpolated(std::span<const double> values) { return median_interval(values); }

std::optional<Interval> plain_order_statistics(std::span<const double> values) {
  return quantile_interval(values, 0.5);
}

std::optional<Interval> student_of_logs(std::span<const double> values) {
  if (values.size() < 2) return std::nullopt;
  const auto n = static_cast<double>(values.size());
  double mean = 0;
  for (const double value : values) mean += std::log(value) / n;
  double variance = 0;
  for (const double value : values) variance += std::pow(std::log(value) - mean, 2) / (n - 1);
  const boost::math::students_t_distribution<double> distribution(n - 1);
  const double half = boost::math::quantile(distribution, 1 - kTail) * std::sqrt(variance / n);
  return Interval{std::exp(mean - half), std::exp(mean + half)};
}

std::optional<Interval> percentile_bootstrap(std::span<const double> values) {
  if (values.size() < 2) return std::nullopt;
  constexpr std::size_t kResamples = 500;
  std::mt19937_64 generator(7);
  std::vector<double> drawn(values.size());
  std::vector<double> medians(kResamples);
  for (double& resampled : medians) {
    for (double& value : drawn) value = values[((generator() >> 32) * values.size()) >> 32];
    resampled = median(drawn);
  }
  return Interval{quantile(medians, kTail), quantile(medians, 1 - kTail)};
}

struct Found {
  std::optional<Interval> interval;
  double truth = 0;
  int rounds = 0;
};

// The rounds up to the one after which the method's interval was narrow enough.
Rounds until_narrow(Rounds rounds, const Rule& rule, double target_half_width) {
  constexpr std::size_t kLeastRounds = 6;
  for (std::size_t n = kLeastRounds; n < rounds.method.size(); ++n) {
    const auto so_far = std::span(rounds.method).first(n);
    const auto interval = rule.interval(so_far);
    if (interval && relative_half_width(*interval, median(so_far)) <= target_half_width) {
      for (auto* values : {&rounds.baseline, &rounds.method, &rounds.log_speed}) values->resize(n);
    }
  }
  return rounds;
}

Found look(Simulation& simulation, const Rule& rule, Estimand estimand, int n, const CoverOptions& options) {
  Rounds rounds = simulation.run(n);
  if (options.target_half_width) rounds = until_narrow(std::move(rounds), rule, *options.target_half_width);
  const auto measured = static_cast<int>(rounds.method.size());
  switch (estimand) {
    case Estimand::kSpeedup:
      return {rule.interval(rounds.ratios()), kTrueSpeedup, measured};
    case Estimand::kP90:
      return {quantile_interval(rounds.method, 0.9), simulation.noise_quantile(0.9), measured};
    case Estimand::kP99:
      return {quantile_interval(rounds.method, 0.99), simulation.noise_quantile(0.99), measured};
    case Estimand::kLatency:
      break;
  }
  return {rule.interval(rounds.method), simulation.median_time(rounds), measured};
}

}  // namespace

const std::array<Rule, 4> kRules = {{{"order statistics, interpolated", interpolated},
                                     {"order statistics", plain_order_statistics},
                                     {"Student's t of logarithms", student_of_logs},
                                     {"percentile bootstrap", percentile_bootstrap, true}}};

std::optional<Coverage> cover(const Machine& machine, const Rule& rule, Estimand estimand, int n,
                              const CoverOptions& options) {
  Simulation simulation(machine, options.seed);
  int covered = 0;
  std::vector<double> widths;
  std::vector<double> rounds;
  for (int trial = 0; trial < options.trials; ++trial) {
    const Found found = look(simulation, rule, estimand, n, options);
    if (!found.interval) return std::nullopt;
    covered += found.interval->low <= found.truth && found.truth <= found.interval->high ? 1 : 0;
    widths.push_back((found.interval->high - found.interval->low) / found.truth);
    rounds.push_back(found.rounds);
  }
  return Coverage{static_cast<double>(covered) / options.trials, median(widths), median(rounds)};
}

}  // namespace diffbench::results::coverage
