#pragma once
// Pure functions from raw timings to numbers with intervals.
//
//   const std::vector<double> ratios = ...;            // baseline / method, one per round
//   const double speedup = median(ratios);
//   if (const auto interval = median_interval(ratios)) print(interval->low, interval->high);  // none below 6 values
//   if (const auto m = median_interval(times); m && relative_half_width(*m, median(times)) < 0.02) stop();
//
// How often the intervals hold what they promise is measured: coverage/ and README.md. Empty input, NaN, or a
// confidence outside (0, 1) is std::invalid_argument: a bug of the caller.

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace diffbench::results {

struct Interval {
  double low = 0;
  double high = 0;
};

double median(std::span<const double> values);
// Linear between order statistics, as numpy's default: q = 0 the smallest, q = 1 the largest.
double quantile(std::span<const double> values, double q);

// Interval of the median, by order statistics interpolated as in Hettmansperger and Sheather, Statistics & Probability
// Letters 4 (1986) 75-79: between the pair that covers more than the confidence and the next pair inside it. Close to
// the confidence whatever the distribution. Empty where not even the outermost pair reaches it (below 6 values at 95
// %).
inline constexpr std::string_view kMedianRule = "order statistics, interpolated";
std::optional<Interval> median_interval(std::span<const double> values, double confidence = 0.95);

// Interval of a percentile between two order statistics, each end missing it with at most half of the rest: the true
// confidence is at least the one asked for. Empty where n has no such pair (at 95 %: below 36 for q = 0.9, 368 for
// 0.99).
inline constexpr std::string_view kQuantileRule = "order statistics";
std::optional<Interval> quantile_interval(std::span<const double> values, double q, double confidence = 0.95);

// (high - low) / 2 over |centre|; infinite around a centre of 0.
double relative_half_width(const Interval& interval, double centre);

// Warm-up is over when the medians of the last two windows of values differ by at most `tolerance`, relative to the
// smaller one. False until there are two windows.
bool windows_agree(std::span<const double> values, std::size_t window, double tolerance);

}  // namespace diffbench::results
