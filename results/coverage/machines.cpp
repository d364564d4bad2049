#include "results/coverage/machines.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace diffbench::results::coverage {
namespace {

constexpr std::size_t kNoiseSample = 200'000;
constexpr double kWavesPerRun = 0.7;

}  // namespace

std::vector<double> Rounds::ratios() const {
  std::vector<double> values(method.size());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = baseline[i] / method[i];
  return values;
}

Simulation::Simulation(const Machine& machine, std::uint64_t seed) : machine_(machine), generator_(seed) {
  sorted_noise_.resize(kNoiseSample);
  for (double& value : sorted_noise_) value = log_noise();
  std::sort(sorted_noise_.begin(), sorted_noise_.end());
}

double Simulation::uniform() { return (static_cast<double>(generator_() >> 11) + 0.5) * 0x1p-53; }

double Simulation::normal() {
  const double radius = std::sqrt(-2 * std::log(uniform()));
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

double Simulation::log_noise() {
  double value = 0;
  if (machine_.is_heavy_tailed) {
    const double u = uniform();
    value = (2 * u - 1) / std::sqrt(2 * u * (1 - u));
  } else {
    value = normal();
  }
  const bool is_hit = uniform() < machine_.burst_probability;
  return machine_.noise * value + (is_hit ? std::log1p(-0.5 * std::log(uniform())) : 0);
}

Rounds Simulation::run(int count) {
  Rounds rounds;
  const double phase = 2 * std::numbers::pi * uniform();
  double walk = 0;
  for (int round = 0; round < count; ++round) {
    const bool method_first = uniform() < 0.5;
    for (const bool is_method : {method_first, !method_first}) {
      const double at = (round + (is_method == method_first ? 0.25 : 0.75)) / count;
      walk += machine_.wander * std::sqrt(0.5) * normal();
      const double speed = walk + machine_.swing * std::sin(2 * std::numbers::pi * kWavesPerRun * at + phase);
      if (is_method) {
        rounds.log_speed.push_back(speed);
        rounds.method.push_back(std::exp(speed + log_noise()));
      } else {
        rounds.baseline.push_back(kTrueSpeedup * std::exp(speed + log_noise()));
      }
    }
  }
  return rounds;
}

double Simulation::log_noise_below(double log_time) const {
  const auto found = std::lower_bound(sorted_noise_.begin(), sorted_noise_.end(), log_time);
  return static_cast<double>(found - sorted_noise_.begin()) / static_cast<double>(sorted_noise_.size());
}

double Simulation::median_time(const Rounds& rounds) const {
  if (machine_.swing == 0 && machine_.wander == 0) return noise_quantile(0.5);
  const auto [least, largest] = std::minmax_element(rounds.log_speed.begin(), rounds.log_speed.end());
  const double middle = std::log(noise_quantile(0.5));
  double low = *least + middle - 0.1;  // the median of a mixture lies between the medians of its parts
  double high = *largest + middle + 0.1;
  while (high - low > 1e-5) {
    const double tried = (low + high) / 2;
    double below = 0;
    for (const double speed : rounds.log_speed) below += log_noise_below(tried - speed);
    (below < 0.5 * static_cast<double>(rounds.log_speed.size()) ? low : high) = tried;
  }
  return std::exp((low + high) / 2);
}

double Simulation::noise_quantile(double q) const {
  return std::exp(sorted_noise_[static_cast<std::size_t>(q * static_cast<double>(sorted_noise_.size()))]);
}

}  // namespace diffbench::results::coverage
