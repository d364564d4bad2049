#include "methods/training/variational_bound.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

namespace diffbench::training {
namespace {

// of the step from t to t - 1
struct Step {
  double of_x0;  // the mean is of_x0 * x0 + of_x * x
  double of_x;
  double min_log;  // of its variance given x0; at t = 0, where that is 0, that of t = 1, as upstream clips it
  double max_log;  // of beta
};

Step step_from(const solvers::NoiseSchedule& schedule, double t) {
  const auto& bars = schedule.alphas_cumprod();
  const auto index = static_cast<size_t>(t);
  const auto bar_at = [&](size_t i) { return i == 0 ? 1.0 : bars[i - 1]; };  // after i steps
  const auto posterior_variance = [&](size_t i) {
    return (1.0 - bars[i] / bar_at(i)) * (1.0 - bar_at(i)) / (1.0 - bars[i]);
  };
  const double bar = bars[index];
  const double before = bar_at(index);
  const double beta = 1.0 - bar / before;
  return {beta * std::sqrt(before) / (1.0 - bar), (1.0 - before) * std::sqrt(bar / before) / (1.0 - bar),
          std::log(posterior_variance(std::max<size_t>(index, 1))), std::log(beta)};
}

// upstream's approximation of the normal distribution's function
at::Tensor normal_cdf(const at::Tensor& x) {
  return 0.5 * (1.0 + at::tanh(std::sqrt(2.0 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
}

// log of the probability of the byte that x0 is
at::Tensor log_likelihood(const at::Tensor& x0, const at::Tensor& mean, const at::Tensor& log_deviation) {
  constexpr double kLeast = 1e-12;
  const auto scale = at::exp(-log_deviation);
  const auto above = normal_cdf(scale * (x0 - mean + 1.0 / 255.0));
  const auto below = normal_cdf(scale * (x0 - mean - 1.0 / 255.0));
  const auto probability = at::where(x0 < -0.999, above, at::where(x0 > 0.999, 1.0 - below, above - below));
  return probability.clamp_min(kLeast).log();
}

}  // namespace

at::Tensor variational_bound(const solvers::NoiseSchedule& schedule, const BoundInput& input) {
  const auto per_row = [&](auto&& value) {
    std::vector<float> values;
    for (const double t : input.t) values.push_back(static_cast<float>(value(t)));
    return at::tensor(values, at::TensorOptions(at::kFloat)).to(input.x.device()).view({-1, 1, 1, 1});
  };
  const auto of_step = [&](double Step::*member) {
    return per_row([&](double t) { return step_from(schedule, t).*member; });
  };
  const auto of_x0 = of_step(&Step::of_x0);
  const auto of_x = of_step(&Step::of_x) * input.x;
  const auto min_log = of_step(&Step::min_log);
  const auto fraction = (input.v + 1.0) * 0.5;
  const auto log_variance = fraction * of_step(&Step::max_log) + (1.0 - fraction) * min_log;
  const auto predicted = (input.x - per_row([&](double t) { return schedule.sigma(t); }) * input.eps) /
                         per_row([&](double t) { return schedule.alpha(t); });
  const auto mean = of_x0 * predicted + of_x;
  const auto away = of_x0 * input.x0 + of_x - mean;
  const auto divergence =
      0.5 * (log_variance - min_log - 1.0 + at::exp(min_log - log_variance) + away.square() * at::exp(-log_variance));
  const auto likelihood = log_likelihood(input.x0, mean, 0.5 * log_variance);
  const auto is_last = per_row([](double t) { return t == 0.0 ? 1.0 : 0.0; }) > 0.5;
  return at::where(is_last, -likelihood, divergence).flatten(1).mean(1) / std::numbers::ln2;
}

}  // namespace diffbench::training
