#include "results/statistics.h"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>
#include <stdexcept>
#include <tuple>
#include <vector>

namespace diffbench::results {
namespace {

using Values = std::vector<double>;

TEST(Median, OfOddAndEvenCounts) {
  EXPECT_EQ(median(Values{3}), 3);
  EXPECT_EQ(median(Values{9, 1, 5}), 5);
  EXPECT_EQ(median(Values{4, 1, 3, 2}), 2.5);
}

TEST(Median, RefusesNothingAndNaN) {
  EXPECT_THROW(median(Values{}), std::invalid_argument);
  EXPECT_THROW(median(Values{1, std::nan("")}), std::invalid_argument);
}

TEST(Quantile, IsLinearAsInNumpy) {
  const Values values = {10, 0, 30, 20};
  EXPECT_EQ(quantile(values, 0), 0);
  EXPECT_EQ(quantile(values, 1), 30);
  EXPECT_DOUBLE_EQ(quantile(values, 0.25), 7.5);
  EXPECT_DOUBLE_EQ(quantile(values, 0.9), 27);
  EXPECT_EQ(quantile(values, 0.5), median(values));
  EXPECT_THROW(quantile(values, 1.1), std::invalid_argument);
  EXPECT_THROW(quantile(values, std::nan("")), std::invalid_argument);
}

Values one_to(int n) {
  Values values(static_cast<std::size_t>(n));
  std::iota(values.rbegin(), values.rend(), 1);
  return values;
}

// By hand, of 1 .. n: n = 6 lies between ranks 1 (0.96875) and 2 (0.78125), so I = 0.1 and the weight is 5 I / (1 + 4
// I); n = 10 between ranks 2 (1002 / 1024) and 3 (912 / 1024).
TEST(MedianInterval, LiesBetweenThePairsThatHoldMoreAndLess) {
  for (const int n : {1, 5}) EXPECT_FALSE(median_interval(one_to(n))) << n;
  const Interval six = *median_interval(one_to(6));
  EXPECT_NEAR(six.low, 1 + 0.5 / 1.4, 1e-12);
  EXPECT_NEAR(six.high, 6 - 0.5 / 1.4, 1e-12);
  const double excess = (1002 - 0.95 * 1024) / (1002 - 912);
  const double inward = 8 * excess / (2 + 6 * excess);
  const Interval ten = *median_interval(one_to(10));
  EXPECT_NEAR(ten.low, 2 + inward, 1e-12);
  EXPECT_NEAR(ten.high, 9 - inward, 1e-12);
}

// Textbook tables of the sign test: the ranks that hold the median at 95 %, which the interval lies just inside.
TEST(MedianInterval, LiesInsideThePublishedOrderStatistics) {
  for (const auto& [n, low, high] : {std::tuple{9, 2, 8}, {20, 6, 15}, {25, 8, 18}, {100, 40, 61}}) {
    const Interval interval = *median_interval(one_to(n));
    EXPECT_GE(interval.low, low) << n;
    EXPECT_LT(interval.low, low + 1) << n;
    EXPECT_LE(interval.high, high) << n;
    EXPECT_GT(interval.high, high - 1) << n;
  }
}

TEST(MedianInterval, AnOutlierIsNoEnd) {
  EXPECT_LT(median_interval(Values{1, 1.01, 1.02, 1.03, 1.04, 1.05, 1.06, 1.07, 1.08, 900})->high, 1.09);
}

TEST(MedianInterval, GrowsWithTheConfidenceAndContainsTheMedian) {
  const Values values = {1.02, 1.3, 1.11, 0.97, 1.2, 1.25, 1.08, 1.19};
  double width = 0;
  for (const double confidence : {0.05, 0.5, 0.9, 0.95, 0.99}) {
    const Interval interval = *median_interval(values, confidence);
    EXPECT_LE(interval.low, median(values));
    EXPECT_GE(interval.high, median(values));
    EXPECT_GT(interval.high - interval.low, width) << confidence;
    width = interval.high - interval.low;
  }
  EXPECT_FALSE(median_interval(values, 0.999));
}

TEST(MedianInterval, EqualValuesGiveAPointAndNonsenseIsRefused) {
  const Interval point = *median_interval(Values(7, 1.7));
  EXPECT_EQ(point.low, 1.7);
  EXPECT_EQ(point.high, 1.7);
  EXPECT_THROW(median_interval(Values{}), std::invalid_argument);
  EXPECT_THROW(median_interval(Values{1}, 0), std::invalid_argument);
  EXPECT_THROW(median_interval(Values{1}, 1), std::invalid_argument);
  EXPECT_THROW(median_interval(Values{1, std::nan("")}), std::invalid_argument);
}

// Of 100 values, by the table of the binomial distribution: P(B(100, 0.9) <= 83) = 0.021, P(B(100, 0.1) <= 4) = 0.024.
TEST(QuantileInterval, TakesTheOrderStatisticsOfTheBinomialTable) {
  const Interval interval = *quantile_interval(one_to(100), 0.9);
  EXPECT_EQ(interval.low, 84);
  EXPECT_EQ(interval.high, 96);
  EXPECT_EQ(quantile_interval(one_to(100), 0.1)->low, 101 - 96);
  EXPECT_EQ(quantile_interval(one_to(20), 0.5)->low, 6);
}

TEST(QuantileInterval, NeedsValuesBeyondThePercentile) {
  EXPECT_FALSE(quantile_interval(one_to(35), 0.9));
  EXPECT_TRUE(quantile_interval(one_to(36), 0.9));
  EXPECT_FALSE(quantile_interval(one_to(367), 0.99));
  EXPECT_TRUE(quantile_interval(one_to(368), 0.99));
  EXPECT_THROW(quantile_interval(one_to(9), 1), std::invalid_argument);
  EXPECT_THROW(quantile_interval(Values{}, 0.9), std::invalid_argument);
}

TEST(RelativeHalfWidth, IsHalfTheWidthOverTheCentre) {
  EXPECT_DOUBLE_EQ(relative_half_width({.low = 90, .high = 120}, 100), 0.15);
  EXPECT_DOUBLE_EQ(relative_half_width({.low = -120, .high = -90}, -100), 0.15);
  EXPECT_TRUE(std::isinf(relative_half_width({.low = -1, .high = 1}, 0)));
}

TEST(WindowsAgree, OnlyWhenTheStartIsOver) {
  EXPECT_FALSE(windows_agree(Values{100, 100, 100}, 2, 0.1)) << "not yet two windows";
  EXPECT_FALSE(windows_agree(Values{300, 200, 110, 105}, 2, 0.1));
  EXPECT_TRUE(windows_agree(Values{300, 200, 110, 105, 100, 104}, 2, 0.1));
  EXPECT_FALSE(windows_agree(Values{100, 100, 120, 120}, 2, 0.1)) << "slower counts as well";
  EXPECT_TRUE(windows_agree(Values{100, 100, 900, 101, 100, 100}, 3, 0.02)) << "one outlier does not matter";
  EXPECT_THROW(windows_agree(Values{1}, 0, 0.1), std::invalid_argument);
}

// What the rule can and cannot see: it bounds how steep the start still is, so what is left of it when the windows
// agree is small where the start fades quickly, and is not where it fades by less than the tolerance from window to
// window.
TEST(WindowsAgree, BoundsTheSlopeOfTheStart) {
  const auto left_over = [](double first, double fading) {
    Values values;
    double excess = first;
    for (; !windows_agree(values, 3, 0.05); excess *= fading) values.push_back(1 + excess);
    return values.back() - 1;
  };
  EXPECT_LT(left_over(3, 0.3), 0.01);
  EXPECT_LT(left_over(0.5, 0.6), 0.05);
  EXPECT_GT(left_over(0.2, 0.97), 0.1);
}

}  // namespace
}  // namespace diffbench::results
