#include "results/statistics.h"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>
#include <random>
#include <stdexcept>
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

// Textbook tables of the sign test: the ranks that hold the median at 95 %.
TEST(MedianInterval, TakesThePublishedOrderStatistics) {
  const auto ranks = [](int n) {
    Values values(static_cast<std::size_t>(n));
    std::iota(values.begin(), values.end(), 1);
    const auto interval = median_interval(values);
    return interval ? std::pair(interval->low, interval->high) : std::pair(0.0, 0.0);
  };
  EXPECT_EQ(ranks(1), std::pair(0.0, 0.0));
  EXPECT_EQ(ranks(5), std::pair(0.0, 0.0));
  EXPECT_EQ(ranks(6), std::pair(1.0, 6.0));
  EXPECT_EQ(ranks(9), std::pair(2.0, 8.0));
  EXPECT_EQ(ranks(10), std::pair(2.0, 9.0));
  EXPECT_EQ(ranks(20), std::pair(6.0, 15.0));
  EXPECT_EQ(ranks(100), std::pair(40.0, 61.0));
}

template <class MakeInterval>
double coverage(int trials, int n, double truth, MakeInterval make_interval) {
  std::mt19937_64 generator(1);
  std::lognormal_distribution<double> skewed(0, 0.5);  // as timings are
  int covered = 0;
  for (int trial = 0; trial < trials; ++trial) {
    Values values(static_cast<std::size_t>(n));
    for (double& value : values) value = skewed(generator);
    const Interval interval = make_interval(values);
    covered += interval.low <= truth && truth <= interval.high ? 1 : 0;
  }
  return static_cast<double>(covered) / trials;
}

TEST(MedianInterval, CoversTheMedianAsOftenAsItPromises) {
  for (const int n : {6, 25, 60}) {
    const double share = coverage(2000, n, 1.0, [](const Values& values) { return *median_interval(values); });
    EXPECT_GT(share, 0.94) << n;
    EXPECT_LT(share, 0.985) << n;
  }
}

TEST(Bootstrap, CoversTheMedian) {
  const double share = coverage(
      500, 25, 1.0, [](const Values& values) { return bootstrap_median(values, {.resamples = 400, .seed = 3}); });
  EXPECT_GT(share, 0.91);
  EXPECT_LT(share, 0.98);
}

TEST(Bootstrap, CoversTheMean) {
  const double share = coverage(500, 40, std::exp(0.125), [](const Values& values) {
    return bootstrap_mean(values, {.resamples = 400, .seed = 3});
  });
  EXPECT_GT(share, 0.90);
  EXPECT_LT(share, 0.98);
}

TEST(Bootstrap, IsDecidedByTheSeed) {
  const Values values = {1.02, 1.3, 1.11, 0.97, 1.2, 1.25, 1.08};
  const Interval first = bootstrap_mean(values, {.seed = 5});
  EXPECT_EQ(first.low, bootstrap_mean(values, {.seed = 5}).low);
  EXPECT_EQ(first.high, bootstrap_mean(values, {.seed = 5}).high);
  EXPECT_NE(first.low, bootstrap_mean(values, {.seed = 6}).low);
  EXPECT_LT(first.low, first.high);
}

TEST(Bootstrap, HigherConfidenceIsWider) {
  const Values values = {1.02, 1.3, 1.11, 0.97, 1.2, 1.25, 1.08};
  const Interval narrow = bootstrap_mean(values, {.confidence = 0.5});
  const Interval wide = bootstrap_mean(values, {.confidence = 0.99});
  EXPECT_LT(wide.low, narrow.low);
  EXPECT_GT(wide.high, narrow.high);
}

TEST(Bootstrap, ConstantValuesGiveAPoint) {
  const Interval interval = bootstrap_median(Values{1.7, 1.7, 1.7});
  EXPECT_EQ(interval.low, 1.7);
  EXPECT_EQ(interval.high, 1.7);
}

TEST(Bootstrap, RefusesWrongInput) {
  EXPECT_THROW(bootstrap_median(Values{}), std::invalid_argument);
  EXPECT_THROW(bootstrap_median(Values{1}, {.confidence = 1}), std::invalid_argument);
  EXPECT_THROW(bootstrap_mean(Values{1}, {.resamples = 0}), std::invalid_argument);
  EXPECT_THROW(median_interval(Values{1}, 0), std::invalid_argument);
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

}  // namespace
}  // namespace diffbench::results
