#pragma once
// What the raw values of two runs say about one difference: an estimate, an interval at any level, and how surely the
// difference lies beyond a smallest effect. Times are compared by the difference of their logarithms, so an effect is a
// ratio.
//
//   const auto contrast = shift_of(log_times_of_old, log_times_of_new);
//   const double p = contrast->p_beyond(std::log(1.02));             // two-sided
//   if (const auto interval = contrast->interval(0.01)) ...          // none: too few values for that level
//
// The two agree: p <= alpha exactly when the interval at alpha lies on one side of the effect. README.md says which
// rule holds what it promises where.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "results/statistics.h"

namespace diffbench::results {

class Contrast {
 public:
  virtual ~Contrast() = default;
  virtual double estimate() const = 0;  // new less old
  virtual std::optional<Interval> interval(double alpha) const = 0;
  // the smallest alpha at which the interval lies above `effect` or below its negative; 1: none
  virtual double p_beyond(double effect) const = 0;
  virtual std::int64_t n() const = 0;  // of the smaller side
  virtual std::string_view rule() const = 0;
  virtual bool is_certain() const { return false; }  // a claim about it cannot be wrong by chance
  // the n from which on the level supports an interval at all
  virtual std::int64_t least_n(double alpha) const = 0;
};

using ContrastPtr = std::unique_ptr<const Contrast>;

// Two independent samples: Hodges and Lehmann's shift, the median of all differences, with the interval that inverts
// the rank sum test (Annals of Mathematical Statistics 34 (1963) 598-611). Null where a side is empty.
ContrastPtr shift_of(std::span<const double> older, std::span<const double> newer);

// Differences of pairs in the order in which they were measured, looked at after each of them: the median with a
// confidence sequence. For a median x the signs of the differences less x are fair coins, and a bet on them (a mixture
// over the coin's bias, Beta(2, 2)) grows to 1 / alpha with probability alpha at most, however often one looks (Ville).
// The interval holds every x against which no bet has won. Null without a difference.
ContrastPtr sequence_of(std::span<const double> differences);

// The same differences looked at once, when there are as many as were planned: Hodges and Lehmann's centre, the median
// of all means of pairs, with the interval that inverts Wilcoxon's signed rank test. Of differences that scatter alike
// on both sides.
ContrastPtr centre_of(std::span<const double> differences);

// Both: the sequence at a fifth of alpha, looked at after each difference, and the centre at the other four, looked at
// where the measuring ended because its time was up, as planned; never where it was ended by what was seen. One of the
// two misses with probability alpha at the most, so the interval holds what both hold.
ContrastPtr turns_of(std::span<const double> differences, bool is_at_planned_end);

// A percentile of either side, on the side's own order statistics, each at half of alpha.
ContrastPtr percentile_of(std::span<const double> older, std::span<const double> newer, double q);

// A difference with a standard error: Student's t.
ContrastPtr student_of(double difference, double standard_error, double degrees_of_freedom);

// A difference of which nothing is left to chance.
ContrastPtr exact_of(double difference);

}  // namespace diffbench::results
