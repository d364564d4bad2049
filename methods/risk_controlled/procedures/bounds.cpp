#include "methods/risk_controlled/procedures/bounds.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace diffbench::risk_control {
namespace {

long double sum(std::span<const double> values) { return std::accumulate(values.begin(), values.end(), 0.0L); }

// nu_j [n]: each from the losses before its own only, which makes the product below a martingale
std::vector<double> wsr_bets(std::span<const double> losses, double delta) {
  const double scale = 2.0 * std::log(1.0 / delta) / static_cast<double>(losses.size());
  std::vector<double> bets(losses.size());
  double total = 0.5;
  double squares = 0.25;
  double variance = 0.25;
  for (size_t i = 0; i < losses.size(); ++i) {
    bets[i] = std::min(std::sqrt(scale / variance), 1.0);
    const double count = static_cast<double>(i) + 2.0;
    total += losses[i];
    const double deviation = losses[i] - total / count;
    squares += deviation * deviation;
    variance = squares / count;
  }
  return bets;
}

}  // namespace

double mean(std::span<const double> values) {
  return static_cast<double>(sum(values)) / static_cast<double>(values.size());
}

double wsr_upper_bound(std::span<const double> losses, double delta) {
  const std::vector<double> bets = wsr_bets(losses, delta);
  const double log_delta = std::log(delta);
  // rises with m; the logarithm of 0 (a loss of 1 at m = 0) would spoil the root search's interpolation
  constexpr double kFloor = -1e6;
  const auto log_wealth = [&](double m) {
    double running = 0.0;
    double best = -std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < losses.size(); ++i) {
      running += std::log1p(-bets[i] * (losses[i] - m));
      best = std::max(best, running);
    }
    return std::max(best + log_delta, kFloor);
  };
  const double at_zero = log_wealth(0.0);
  const double at_one = log_wealth(1.0);
  if (at_zero >= 0.0) {
    return 0.0;
  }
  if (at_one <= 0.0) {
    return 1.0;
  }
  std::uintmax_t iterations = 200;
  const auto bracket = boost::math::tools::toms748_solve(log_wealth, 0.0, 1.0, at_zero, at_one,
                                                         boost::math::tools::eps_tolerance<double>(48), iterations);
  return bracket.second;  // the cautious end
}

double hoeffding_bentkus_p_value(std::span<const double> losses, double epsilon) {
  const double count = static_cast<double>(losses.size());
  const double total = static_cast<double>(sum(losses));
  const double successes = std::min(std::ceil(total), count);
  const double bentkus =
      std::exp(1.0) * boost::math::cdf(boost::math::binomial_distribution<>(count, epsilon), successes);
  const double a = std::min(total / count, epsilon);
  // a ln(a/b) tends to 0 with a
  const double first = a > 0.0 ? a * std::log(a / epsilon) : 0.0;
  const double divergence = first + (1.0 - a) * (std::log1p(-a) - std::log1p(-epsilon));
  return std::min({bentkus, std::exp(-count * divergence), 1.0});
}

}  // namespace diffbench::risk_control
