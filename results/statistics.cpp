#include "results/statistics.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

namespace diffbench::results {
namespace {

using Binomial = boost::math::binomial_distribution<double>;

void check_values(std::span<const double> values) {
  if (values.empty()) throw std::invalid_argument("statistics: no values");
  if (std::any_of(values.begin(), values.end(), [](double value) { return std::isnan(value); })) {
    throw std::invalid_argument("statistics: a value is NaN");
  }
}

void check_confidence(double confidence) {
  if (!(confidence > 0 && confidence < 1)) throw std::invalid_argument("statistics: confidence outside (0, 1)");
}

std::vector<double> sorted_copy(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

// the plain form keeps a value that is repeated on both sides exactly as it is
double between(double from, double to, double weight) { return weight == 0 ? from : from + weight * (to - from); }

// Largest count below which a binomial variable stays with probability at most `probability`, plus 1; 0: none. By
// bisection: this runs after every repetition.
std::size_t largest_rank(const Binomial& below, std::size_t n, double probability) {
  std::size_t rank = 0;
  for (std::size_t too_large = n + 1; too_large - rank > 1;) {
    const std::size_t tried = rank + (too_large - rank) / 2;
    (boost::math::cdf(below, static_cast<double>(tried - 1)) <= probability ? rank : too_large) = tried;
  }
  return rank;
}

}  // namespace

double median(std::span<const double> values) { return quantile(values, 0.5); }

double quantile(std::span<const double> values, double q) {
  check_values(values);
  if (!(q >= 0 && q <= 1)) throw std::invalid_argument("statistics: q outside [0, 1]");
  const std::vector<double> sorted = sorted_copy(values);
  const double position = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return between(sorted[below], sorted[above], position - static_cast<double>(below));
}

std::optional<Interval> median_interval(std::span<const double> values, double confidence) {
  check_values(values);
  check_confidence(confidence);
  // [x(k), x(n+1-k)], counted from 1, misses the median with probability 2 P(Binomial(n, 1/2) <= k - 1)
  const std::size_t n = values.size();
  const Binomial below(static_cast<double>(n), 0.5);
  const std::size_t k = largest_rank(below, n, (1 - confidence) / 2);
  if (k == 0) return std::nullopt;
  const auto held = [&](std::size_t rank) { return 1 - 2 * boost::math::cdf(below, static_cast<double>(rank - 1)); };
  const double excess = (held(k) - confidence) / (held(k) - held(k + 1));
  const auto outside = static_cast<double>(k);
  const double inward =
      (static_cast<double>(n) - outside) * excess / (outside + (static_cast<double>(n) - 2 * outside) * excess);
  const std::vector<double> sorted = sorted_copy(values);
  return Interval{between(sorted[k - 1], sorted[k], inward), between(sorted[n - k], sorted[n - k - 1], inward)};
}

std::optional<Interval> quantile_interval(std::span<const double> values, double q, double confidence) {
  check_values(values);
  check_confidence(confidence);
  if (!(q > 0 && q < 1)) throw std::invalid_argument("statistics: q outside (0, 1)");
  // x(low) is above the percentile when at most low - 1 values are below it; x(n+1-high) by the same from the other end
  const std::size_t n = values.size();
  const double tail = (1 - confidence) / 2;
  const std::size_t low = largest_rank(Binomial(static_cast<double>(n), q), n, tail);
  const std::size_t high = largest_rank(Binomial(static_cast<double>(n), 1 - q), n, tail);
  if (low == 0 || high == 0) return std::nullopt;
  const std::vector<double> sorted = sorted_copy(values);
  return Interval{sorted[low - 1], sorted[n - high]};
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
