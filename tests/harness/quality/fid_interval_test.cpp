#include "harness/quality/fid_interval.h"

#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <set>

#include "methods/config/input_error.h"
#include "tests/harness/quality/golden_rows.h"

namespace diffbench::quality {
namespace {

using config::InputError;
using testing::goldens;
using testing::rows;

std::vector<FeatureStatistics> grouped(const at::Tensor& features, size_t count = 20) {
  std::vector<FeatureStatistics> groups(count, FeatureStatistics(8));
  for (int64_t first = 0; first < features.size(0); first += 13) {  // batches of 13: groups go by sample, not by batch
    add_to_groups(groups, features.slice(0, first, first + 13), first);
  }
  return groups;
}

TEST(FidInterval, AgreesWithLeavingOutRowsInPython) {
  const FrechetReference reference(gaussian_of(rows(80, 8, 2, 0.1)));
  const auto estimate = fid_interval(grouped(rows(203, 8, 8)), reference);
  const auto& golden = goldens()["jackknife"];
  EXPECT_NEAR(estimate.value, golden["value"].get<double>(), 1e-11);
  EXPECT_NEAR(estimate.standard_error, golden["standard_error"].get<double>(), 1e-10);
  EXPECT_NEAR(estimate.bias, golden["bias"].get<double>(), 1e-9);
  const double half_width = golden["half_width_over_standard_error"].get<double>() * estimate.standard_error;
  EXPECT_NEAR(estimate.low, estimate.value - half_width, 1e-12);
  EXPECT_NEAR(estimate.high, estimate.value + half_width, 1e-12);
}

// Samples are labelled in turn: had a group only some of the classes, leaving it out would move the FID by far more
// than chance does.
TEST(FidInterval, EveryGroupHoldsEveryClass) {
  for (const int64_t classes : {10, 19, 21, 100}) {
    std::set<std::pair<int64_t, int64_t>> seen;
    std::map<int64_t, int> sizes;
    for (int64_t sample = 0; sample < 20000; ++sample) {
      const auto group = group_of(sample, kJackknifeGroups);
      seen.emplace(group, sample % classes);
      ++sizes[group];
    }
    EXPECT_EQ(seen.size(), static_cast<size_t>(kJackknifeGroups * classes)) << classes;
    for (const auto& [group, size] : sizes) {
      EXPECT_EQ(size, 1000) << group;
    }
  }
}

TEST(FidInterval, JackknifeOfAMeanIsTheTextbookStandardError) {
  const std::vector<double> values = {1.0, 4.0, 2.5, 7.0, 3.0};
  double sum = 0.0;
  for (const double value : values) {
    sum += value;
  }
  std::vector<double> left_out;
  double squares = 0.0;
  for (const double value : values) {
    left_out.push_back((sum - value) / 4);
    squares += (value - sum / 5) * (value - sum / 5);
  }
  const auto estimate = jackknife(sum / 5, left_out, 0.95);
  EXPECT_NEAR(estimate.standard_error, std::sqrt(squares / 4 / 5), 1e-14);
  EXPECT_NEAR(estimate.bias, 0.0, 1e-14);
}

TEST(FidInterval, StandardErrorIsTheSpreadOverRepetitions) {
  const FrechetReference reference(gaussian_of(rows(2000, 8, 2, 0.1)));
  double sum = 0.0;
  double squares = 0.0;
  double predicted = 0.0;
  constexpr int kRepetitions = 60;
  for (int i = 0; i < kRepetitions; ++i) {
    const auto estimate = fid_interval(grouped(rows(400, 8, 100 + static_cast<uint64_t>(i))), reference);
    sum += estimate.value;
    squares += estimate.value * estimate.value;
    predicted += estimate.standard_error / kRepetitions;
  }
  const double spread = std::sqrt(squares / kRepetitions - std::pow(sum / kRepetitions, 2));
  EXPECT_GT(predicted, 0.7 * spread);
  EXPECT_LT(predicted, 1.5 * spread);
}

TEST(FidInterval, BiasShrinksTheDistanceOfEqualDistributions) {
  const FrechetReference reference(gaussian_of(rows(4000, 8, 2)));
  const auto estimate = fid_interval(grouped(rows(400, 8, 3)), reference);
  EXPECT_GT(estimate.bias, 0.0);
  EXPECT_LT(std::abs(estimate.value - estimate.bias), estimate.value);
  EXPECT_GE(estimate.low, 0.0);
}

TEST(FidDifference, PairingRemovesWhatBothShare) {
  const FrechetReference reference(gaussian_of(rows(2000, 8, 2, 0.1)));
  const auto baseline = rows(400, 8, 5);
  const auto method = baseline + 0.02 * rows(400, 8, 6) + 0.01;  // the same samples, slightly disturbed
  const auto paired = fid_difference(grouped(method), grouped(baseline), reference);
  const auto alone = fid_interval(grouped(method), reference);
  EXPECT_NEAR(paired.value, alone.value - fid_interval(grouped(baseline), reference).value, 1e-14);
  EXPECT_LT(paired.standard_error, 0.5 * alone.standard_error);
  const auto nothing = fid_difference(grouped(baseline), grouped(baseline), reference);
  EXPECT_EQ(nothing.value, 0.0);
  EXPECT_EQ(nothing.standard_error, 0.0);
}

TEST(FidInterval, RefusesGroupsThatDoNotFit) {
  const FrechetReference reference(gaussian_of(rows(80, 8, 2)));
  EXPECT_THROW(fid_interval(grouped(rows(10, 8, 1)), reference), InputError);  // 20 groups, 10 of them empty
  EXPECT_THROW(fid_interval(grouped(rows(10, 8, 1), 1), reference), InputError);
  EXPECT_THROW(fid_difference(grouped(rows(40, 8, 1)), grouped(rows(60, 8, 1)), reference), InputError);
  EXPECT_THROW(fid_difference(grouped(rows(40, 8, 1)), grouped(rows(40, 8, 1), 10), reference), InputError);
}

}  // namespace
}  // namespace diffbench::quality
