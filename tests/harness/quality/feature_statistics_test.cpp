#include "harness/quality/feature_statistics.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "methods/config/input_error.h"
#include "tests/harness/quality/golden_rows.h"

namespace diffbench::quality {
namespace {

using config::InputError;
using testing::goldens;
using testing::rows;

TEST(FeatureStatistics, CovarianceIsThatOfNumpy) {
  const auto gaussian = gaussian_of(rows(60, 8, 1));
  EXPECT_NEAR(gaussian.covariance.trace().item<double>(), goldens()["covariance_trace_small"].get<double>(), 1e-13);
  EXPECT_EQ(gaussian.count, 60);
}

TEST(FeatureStatistics, PiecesDoNotChangeTheResult) {
  const auto all = rows(101, 8, 1);
  FeatureStatistics first(8);
  FeatureStatistics second(8);
  first.add(all.narrow(0, 0, 7));
  first.add(all.narrow(0, 7, 0));
  second.add(all.narrow(0, 7, 94).to(at::kDouble));
  first.merge(second);
  const auto merged = first.gaussian();
  const auto whole = gaussian_of(all);
  EXPECT_TRUE(at::allclose(merged.mean, whole.mean, 0, 1e-14));
  EXPECT_TRUE(at::allclose(merged.covariance, whole.covariance, 0, 1e-14));
}

TEST(FeatureStatistics, ALargeMeanCostsNoDigits) {
  const auto near = rows(200, 8, 3);
  const auto far = gaussian_of(near + 1e7);
  // adding 1e7 itself rounds each value to 2e-9
  EXPECT_TRUE(at::allclose(far.covariance, gaussian_of(near).covariance, 0, 1e-8));
}

TEST(FeatureStatistics, RemoveUndoesMergeAndLeavesCopiesAlone) {
  FeatureStatistics total(8);
  total.add(rows(30, 8, 1));
  const FeatureStatistics before = total;
  FeatureStatistics part(8);
  part.add(rows(10, 8, 2));
  total.merge(part);
  EXPECT_EQ(before.count(), 30);
  EXPECT_TRUE(at::equal(before.gaussian().covariance, [] {
    FeatureStatistics alone(8);
    alone.add(rows(30, 8, 1));
    return alone.gaussian().covariance;
  }()));
  total.remove(part);
  EXPECT_TRUE(at::allclose(total.gaussian().covariance, before.gaussian().covariance, 0, 1e-14));
  EXPECT_THROW(part.remove(total), std::logic_error);
}

TEST(FeatureStatistics, RefusesWhatItCannotCount) {
  FeatureStatistics statistics(8);
  EXPECT_THROW(statistics.add(rows(3, 5, 1)), InputError);
  auto bad = rows(3, 8, 1);
  bad[1][4] = std::numeric_limits<double>::quiet_NaN();
  try {
    statistics.add(bad);
    FAIL() << "NaN was accepted";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "features: row 1 holds NaN or infinity");
  }
  EXPECT_EQ(statistics.count(), 0);
  statistics.add(rows(1, 8, 1));
  EXPECT_THROW(statistics.gaussian(), InputError);
  EXPECT_THROW(statistics.merge(FeatureStatistics(at::ones({8}))), std::logic_error);
}

}  // namespace
}  // namespace diffbench::quality
