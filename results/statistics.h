#pragma once
// Pure functions from raw timings to numbers with intervals. Nothing here is stored: it can be computed again any time.
//
//   const std::vector<double> ratios = ...;                          // baseline / method, one per round
//   const double speedup = median(ratios);
//   const Interval interval = bootstrap_median(ratios, {.seed = 7});  // 95 %, the same for the same seed
//   if (const auto m = median_interval(times); m && relative_half_width(*m, median(times)) < 0.02) stop();
//
// Empty input, NaN, or a confidence outside (0, 1) is std::invalid_argument: a bug of the caller.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace diffbench::results {

struct Interval {
  double low = 0;
  double high = 0;
};

double median(std::span<const double> values);
// Linear between order statistics, as numpy's default: q = 0 the smallest, q = 1 the largest.
double quantile(std::span<const double> values, double q);

// Interval of the median between two order statistics; free of assumptions about the distribution. Its true confidence
// is at least the one asked for. Empty where no pair of order statistics reaches it (fewer than 6 values for 95 %).
std::optional<Interval> median_interval(std::span<const double> values, double confidence = 0.95);

struct BootstrapOptions {
  int resamples = 2000;
  double confidence = 0.95;
  std::uint64_t seed = 0;
};
// Percentile intervals over resamples with replacement. One value gives an interval of zero width.
Interval bootstrap_median(std::span<const double> values, const BootstrapOptions& options = {});
Interval bootstrap_mean(std::span<const double> values, const BootstrapOptions& options = {});

// (high - low) / 2 over |centre|; infinite around a centre of 0.
double relative_half_width(const Interval& interval, double centre);

// Warm-up is over when the medians of the last two windows of values differ by at most `tolerance`, relative to the
// smaller one. False until there are two windows.
bool windows_agree(std::span<const double> values, std::size_t window, double tolerance);

}  // namespace diffbench::results
