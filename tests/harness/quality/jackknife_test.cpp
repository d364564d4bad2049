#include "harness/quality/jackknife.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "harness/quality/fid.h"
#include "methods/config/input_error.h"
#include "tests/harness/quality/golden_rows.h"

namespace diffbench::quality {
namespace {

using config::InputError;
using testing::goldens;
using testing::rows;
using testing::uniforms;

Replicates fid_replicates(const at::Tensor& features, const FrechetReference& reference) {
  FidGroups groups(reference.gaussian().mean);
  for (int64_t first = 0; first < features.size(0); first += 13) {  // pieces of 13: groups go by sample, not by piece
    groups.add(features.slice(0, first, first + 13), first);
  }
  return groups.replicates(reference);
}

TEST(FidInterval, AgreesWithLeavingOutRowsInPython) {
  const FrechetReference reference(gaussian_of(rows(80, 8, 2, 0.1)));
  const auto replicates = fid_replicates(rows(203, 8, 8), reference);  // groups of 10 and 11
  const auto estimate = estimate_of(replicates);
  const auto& golden = goldens()["jackknife"];
  EXPECT_NEAR(estimate.value, golden["value"].get<double>(), 1e-11);
  EXPECT_EQ(replicates.sizes, golden["sizes"].get<std::vector<int64_t>>());
  EXPECT_EQ(estimate.count, 203);
  ASSERT_TRUE(estimate.interval);
  EXPECT_NEAR(estimate.interval->standard_error, golden["standard_error"].get<double>(), 1e-10);
  EXPECT_NEAR(estimate.interval->bias, golden["bias"].get<double>(), 1e-9);
  const double half_width = golden["half_width_over_standard_error"].get<double>() * estimate.interval->standard_error;
  EXPECT_NEAR(estimate.interval->low, estimate.value - half_width, 1e-12);
  EXPECT_NEAR(estimate.interval->high, estimate.value + half_width, 1e-12);
  EXPECT_EQ(estimate.rule, "jackknife over 20 groups of samples, Student t");
}

// Samples are labelled in turn: had a group only some of the classes, leaving it out would move the FID by far more
// than chance does.
TEST(FidInterval, EveryGroupHoldsEveryClass) {
  for (const int64_t classes : {10, 19, 21, 100}) {
    std::set<std::pair<int64_t, int64_t>> seen;
    std::map<int64_t, int> sizes;
    for (int64_t sample = 0; sample < 20000; ++sample) {
      const auto group = group_of(sample);
      seen.emplace(group, sample % classes);
      ++sizes[group];
    }
    EXPECT_EQ(seen.size(), static_cast<size_t>(kJackknifeGroups * classes)) << classes;
    for (const auto& [group, size] : sizes) {
      EXPECT_EQ(size, 1000) << group;
    }
  }
}

TEST(Jackknife, OfAMeanOverEqualGroupsIsTheTextbookStandardError) {
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
  const auto interval = jackknife(sum / 5, left_out, std::vector<int64_t>{1, 1, 1, 1, 1}, 0.95);
  EXPECT_NEAR(interval.standard_error, std::sqrt(squares / 4 / 5), 1e-14);
  EXPECT_NEAR(interval.bias, 0.0, 1e-14);
}

// Groups {1}, {2, 4}, {3, 5, 7}: mean 22/6, group means 1, 3, 5, n / m = 6, 3, 2. Of a mean the pseudo-values are the
// group means, so SE^2 = 1/3 ((1 - 22/6)^2 / 5 + (3 - 22/6)^2 / 2 + (5 - 22/6)^2 / 1) = 1/3 (64/45 + 10/45 + 80/45).
TEST(Jackknife, UnequalGroupsByHand) {
  const auto interval =
      jackknife(22.0 / 6, std::vector<double>{21.0 / 5, 16.0 / 4, 7.0 / 3}, std::vector<int64_t>{1, 2, 3}, 0.95);
  EXPECT_NEAR(interval.standard_error, std::sqrt(154.0 / 135), 1e-14);
  EXPECT_NEAR(interval.bias, 0.0, 1e-14);
  EXPECT_NEAR((interval.high - interval.low) / 2, 4.30265273 * interval.standard_error, 1e-8);
}

TEST(Jackknife, VeryUnequalGroupsAgreeWithPython) {
  const auto& golden = goldens()["jackknife_uneven"];
  const auto interval = jackknife(golden["value"], golden["left_out"].get<std::vector<double>>(),
                                  golden["sizes"].get<std::vector<int64_t>>(), 0.95);
  EXPECT_NEAR(interval.standard_error, golden["standard_error"].get<double>(), 1e-14);
  EXPECT_NEAR(interval.bias, golden["bias"].get<double>(), 1e-14);
}

// What the interval covers: the FID that other samples give at the same N, not the limit of infinitely many.
TEST(FidInterval, CoversTheExpectedFidAtThisNumberOfSamples) {
  const FrechetReference reference(gaussian_of(rows(2000, 4, 2, 0.1)));
  constexpr int kRepetitions = 200;
  std::vector<QualityEstimate> estimates;
  double expected = 0.0;
  for (int i = 0; i < kRepetitions; ++i) {
    estimates.push_back(estimate_of(fid_replicates(rows(203, 4, 100 + static_cast<uint64_t>(i)), reference)));
    expected += estimates.back().value / kRepetitions;
  }
  const auto covered = std::count_if(estimates.begin(), estimates.end(), [&](const QualityEstimate& estimate) {
    return estimate.interval->low <= expected && expected <= estimate.interval->high;
  });
  EXPECT_GE(covered, kRepetitions * 90 / 100);
  EXPECT_LE(covered, kRepetitions * 995 / 1000);
}

TEST(FidInterval, BiasShrinksTheDistanceOfEqualDistributions) {
  const FrechetReference reference(gaussian_of(rows(4000, 8, 2)));
  const auto estimate = estimate_of(fid_replicates(rows(400, 8, 3), reference), {.low = 0.0});
  EXPECT_GT(estimate.interval->bias, 0.0);
  EXPECT_LT(std::abs(estimate.value - estimate.interval->bias), estimate.value);
  EXPECT_GE(estimate.interval->low, 0.0);
}

TEST(FidInterval, TooFewSamplesHaveAValueAndNoInterval) {
  const FrechetReference reference(gaussian_of(rows(80, 8, 2)));
  for (const int64_t count : {2, 10, 39}) {
    const auto features = rows(count, 8, 1);
    const auto estimate = estimate_of(fid_replicates(features, reference));
    EXPECT_FALSE(estimate.interval) << count;
    EXPECT_NEAR(estimate.value, reference.distance(gaussian_of(features)), 1e-13) << count;
    EXPECT_EQ(estimate.rule, "none: " + std::to_string(count) + " samples, an interval needs 2 in each of 20 groups");
  }
  EXPECT_TRUE(estimate_of(fid_replicates(rows(40, 8, 1), reference)).interval);
  EXPECT_THROW(fid_replicates(rows(1, 8, 1), reference), InputError);
}

TEST(FidDifference, PairingRemovesWhatBothShare) {
  const FrechetReference reference(gaussian_of(rows(2000, 8, 2, 0.1)));
  const auto baseline = rows(400, 8, 5);
  const auto method = baseline + 0.02 * rows(400, 8, 6) + 0.01;  // the same samples, slightly disturbed
  const auto of_method = fid_replicates(method, reference);
  const auto of_baseline = fid_replicates(baseline, reference);
  const auto paired = difference_of(of_method, of_baseline);
  EXPECT_NEAR(paired.value, of_method.value - of_baseline.value, 1e-14);
  EXPECT_LT(paired.interval->standard_error, 0.5 * estimate_of(of_method).interval->standard_error);
  EXPECT_NEAR(difference_of(of_baseline, of_method).interval->low, -paired.interval->high, 1e-14);
  const auto nothing = difference_of(of_baseline, of_baseline);
  EXPECT_EQ(nothing.value, 0.0);
  EXPECT_EQ(nothing.interval->standard_error, 0.0);
  EXPECT_EQ(nothing.rule, "paired jackknife over 20 groups of samples, Student t");
}

// Bias by finite N is nearly the same on both sides, so the paired interval covers the difference of the limits.
TEST(FidDifference, CoversTheTrueDifference) {
  const auto mix = uniforms(16, 1004).reshape({4, 4}) - 0.5;  // of golden_rows.h; its rows have variance 1/12
  const auto covariance = mix.t().mm(mix) / 12;
  const Gaussian truth{at::zeros({4}, at::kDouble), covariance, std::nullopt};
  const FrechetReference reference({at::full({4}, 0.1, at::kDouble), covariance * 1.2, std::nullopt});
  const Gaussian disturbed{at::full({4}, -0.01, at::kDouble), covariance * 1.09, std::nullopt};
  const double expected = reference.distance(disturbed) - reference.distance(truth);
  constexpr int kRepetitions = 200;
  int covered = 0;
  for (uint64_t i = 0; i < kRepetitions; ++i) {
    const auto baseline = rows(203, 4, 1000 + 2 * i);
    const auto method = baseline + 0.3 * rows(203, 4, 1001 + 2 * i) - 0.01;
    const auto gap = difference_of(fid_replicates(method, reference), fid_replicates(baseline, reference));
    covered += gap.interval->low <= expected && expected <= gap.interval->high ? 1 : 0;
  }
  EXPECT_GE(covered, kRepetitions * 90 / 100);
  EXPECT_LE(covered, kRepetitions * 995 / 1000);
}

TEST(FidDifference, RefusesOtherSamples) {
  const FrechetReference reference(gaussian_of(rows(80, 8, 2)));
  EXPECT_THROW(difference_of(fid_replicates(rows(40, 8, 1), reference), fid_replicates(rows(60, 8, 1), reference)),
               InputError);
  const auto few = difference_of(fid_replicates(rows(30, 8, 1), reference), fid_replicates(rows(30, 8, 3), reference));
  EXPECT_FALSE(few.interval);
}

}  // namespace
}  // namespace diffbench::quality
