#include "results/statistics.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

namespace diffbench::results {
namespace {

void check_values(std::span<const double> values) {
  if (values.empty()) throw std::invalid_argument("statistics: no values");
  if (std::any_of(values.begin(), values.end(), [](double value) { return std::isnan(value); })) {
    throw std::invalid_argument("statistics: a value is NaN");
  }
}

void check_confidence(double confidence) {
  if (!(confidence > 0 && confidence < 1)) throw std::invalid_argument("statistics: confidence outside (0, 1)");
}

double sorted_quantile(std::span<const double> sorted, double q) {
  const double position = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double weight = position - static_cast<double>(below);
  // the plain form keeps a value that is repeated on both sides exactly as it is
  return weight == 0 ? sorted[below] : sorted[below] + weight * (sorted[above] - sorted[below]);
}

double median_in_place(std::span<double> values) {
  const std::size_t middle = values.size() / 2;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(middle), values.end());
  if (values.size() % 2 == 1) return values[middle];
  const double below = *std::max_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(middle));
  return below + (values[middle] - below) / 2;
}

template <class Statistic>
Interval bootstrap(std::span<const double> values, const BootstrapOptions& options, Statistic statistic) {
  check_values(values);
  check_confidence(options.confidence);
  if (options.resamples < 1) throw std::invalid_argument("statistics: no resamples");
  std::mt19937_64 generator(options.seed);
  std::vector<double> drawn(values.size());
  std::vector<double> estimates(static_cast<std::size_t>(options.resamples));
  for (double& estimate : estimates) {
    for (double& value : drawn) {
      // not std::uniform_int_distribution: its numbers differ between standard libraries
      value = values[static_cast<std::size_t>(((generator() >> 32) * values.size()) >> 32)];
    }
    estimate = statistic(std::span<double>(drawn));
  }
  std::sort(estimates.begin(), estimates.end());
  const double tail = (1 - options.confidence) / 2;
  return {sorted_quantile(estimates, tail), sorted_quantile(estimates, 1 - tail)};
}

}  // namespace

double median(std::span<const double> values) {
  check_values(values);
  std::vector<double> copy(values.begin(), values.end());
  return median_in_place(copy);
}

double quantile(std::span<const double> values, double q) {
  check_values(values);
  if (!(q >= 0 && q <= 1)) throw std::invalid_argument("statistics: q outside [0, 1]");
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted_quantile(sorted, q);
}

std::optional<Interval> median_interval(std::span<const double> values, double confidence) {
  check_values(values);
  check_confidence(confidence);
  // [x(k), x(n+1-k)], counted from 1, misses the median with probability 2 P(Binomial(n, 1/2) <= k - 1)
  const double tail = (1 - confidence) / 2;
  const boost::math::binomial_distribution<double> below(static_cast<double>(values.size()), 0.5);
  std::size_t k = 0;  // the largest k that keeps the promise, by bisection: this runs after every repetition
  for (std::size_t too_large = values.size() / 2 + 1; too_large - k > 1;) {
    const std::size_t tried = k + (too_large - k) / 2;
    (boost::math::cdf(below, static_cast<double>(tried - 1)) <= tail ? k : too_large) = tried;
  }
  if (k == 0) return std::nullopt;
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  return Interval{sorted[k - 1], sorted[sorted.size() - k]};
}

Interval bootstrap_median(std::span<const double> values, const BootstrapOptions& options) {
  return bootstrap(values, options, [](std::span<double> drawn) { return median_in_place(drawn); });
}

Interval bootstrap_mean(std::span<const double> values, const BootstrapOptions& options) {
  return bootstrap(values, options, [](std::span<double> drawn) {
    double sum = 0;
    for (const double value : drawn) sum += value;
    return sum / static_cast<double>(drawn.size());
  });
}

double relative_half_width(const Interval& interval, double centre) {
  if (centre == 0) return std::numeric_limits<double>::infinity();
  return (interval.high - interval.low) / 2 / std::abs(centre);
}

bool windows_agree(std::span<const double> values, std::size_t window, double tolerance) {
  if (window == 0) throw std::invalid_argument("statistics: a window of no values");
  if (values.size() < 2 * window) return false;
  const double later = median(values.last(window));
  const double earlier = median(values.last(2 * window).first(window));
  return std::abs(later - earlier) <= tolerance * std::min(std::abs(later), std::abs(earlier));
}

}  // namespace diffbench::results
