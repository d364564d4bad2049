// The table of metrics: what leaving out a group gives is what computing without it gives, whatever the metric.

#include "harness/quality/metrics.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "harness/quality/metric_rows.h"
#include "methods/config/input_error.h"
#include "tests/harness/quality/golden_rows.h"

namespace diffbench::quality {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::images;
using testing::rows;

constexpr int64_t kSamples = 67;

struct World {
  Reference reference{};
  Evidence full{};
  Evidence method{};

  World() {
    const auto real = rows(90, 6, 2, 0.05);
    reference.rows = rows_of(real);
    reference.features = std::make_shared<FrechetReference>(gaussian_of(real));
    reference.spatial = std::make_shared<FrechetReference>(gaussian_of(rows(90, 4, 5)));
    const auto make = [&](uint64_t seed) {
      return Evidence{
          .features = rows_of(rows(kSamples, 6, seed)),
          .logits = rows_of(rows(kSamples, 10, seed + 1) * 6),
          .spatial = rows_of(rows(kSamples, 4, seed + 2)),
          .images = rows_of(images(kSamples, 12, seed + 3)),
          .reference = &reference,
          .lpips = [](const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().flatten(1).mean(1); }};
    };
    full = make(20);
    method = make(40);
    method.baseline = &full;
  }
  World(const World&) = delete;

  static Evidence without(const Evidence& all, int64_t group) {
    std::vector<int64_t> left;
    for (int64_t i = 0; i < kSamples; ++i) {
      if (group_of(i) != group) left.push_back(i);
    }
    auto some = all;
    for (auto* source : {&some.features, &some.logits, &some.spatial, &some.images})
      *source = chosen_rows(*source, left);
    return some;
  }
};

std::vector<const QualityMetric*> everything() {
  std::vector<const QualityMetric*> all;
  for (const auto& metric : quality_metrics()) all.push_back(&metric);
  return all;
}

TEST(Metrics, LeavingOutAGroupIsComputingWithoutIt) {
  const World world;
  const auto computed = compute(everything(), world.method);
  for (const int64_t group : {0, 7, 19}) {
    auto full = World::without(world.full, group);
    auto rest = World::without(world.method, group);
    rest.baseline = &full;
    for (const auto& one : computed) {
      const std::string name(one.metric->name);
      ASSERT_EQ(one.replicates.left_out.size(), static_cast<size_t>(kJackknifeGroups)) << name;
      // parts of the inception score are those of all samples, and an extrapolation has the FID's pseudo-values
      if (name == "inception_score" || name == "fid_infinity") continue;
      const double expected = one.metric->compute(rest).parts.at(one.metric->part).value;
      EXPECT_NEAR(one.replicates.left_out[static_cast<size_t>(group)], expected,
                  1e-9 * std::max(1.0, std::abs(expected)))
          << name << " without group " << group;
    }
  }
}

TEST(Metrics, AnExtrapolatedFidHasTheStandardErrorOfTheFid) {
  const World world;
  const auto computed = compute(find_metrics({"fid", "fid_infinity"}, "test"), world.method);
  const auto finite = estimate_of(computed[0].replicates);
  const auto infinite = estimate_of(computed[1].replicates);
  EXPECT_NEAR(infinite.value, finite.value - finite.interval->bias, 1e-12);
  EXPECT_NEAR(infinite.interval->standard_error, finite.interval->standard_error, 1e-10);
  EXPECT_NEAR(infinite.interval->bias, 0, 1e-10);
  // fewer samples, larger distance
  const auto& curve = computed[1].curve;
  ASSERT_EQ(curve.size(), 5U);
  EXPECT_TRUE(std::is_sorted(curve.begin(), curve.end(), [](const auto& a, const auto& b) { return a.n < b.n; }));
  EXPECT_TRUE(
      std::is_sorted(curve.rbegin(), curve.rend(), [](const auto& a, const auto& b) { return a.value < b.value; }));
}

TEST(Metrics, SamplesOfFullItselfAreAsNearAsCanBe) {
  const World world;
  auto same = world.full;
  same.baseline = &world.full;
  std::map<std::string, double> values;
  for (const auto& one :
       compute(find_metrics({"psnr", "ssim", "rmse", "lpips", "feature_distance", "label_agreement"}, "t"), same)) {
    values[std::string(one.metric->name)] = one.replicates.value;
  }
  EXPECT_EQ(
      values,
      (std::map<std::string, double>{
          {"psnr", 100}, {"ssim", 1}, {"rmse", 0}, {"lpips", 0}, {"feature_distance", 0}, {"label_agreement", 1}}));
}

TEST(Metrics, PixelsByHand) {
  const auto black = at::zeros({40, 3, 11, 11}, at::kByte);
  Evidence full{.images = rows_of(black)};
  Evidence grey{.images = rows_of(at::full_like(black, 51)), .baseline = &full};
  const auto value = [&](const char* name) {
    return compute(find_metrics({name}, "test"), grey).front().replicates.value;
  };
  EXPECT_NEAR(value("rmse"), 51, 1e-12);
  EXPECT_NEAR(value("psnr"), 20 * std::log10(5.0), 1e-12);
  const double c1 = 2.55 * 2.55;  // no structure on either side: the luminance term alone
  EXPECT_NEAR(value("ssim"), c1 / (51.0 * 51.0 + c1), 1e-12);
  full.images = rows_of(at::zeros({40, 1, 8, 8}, at::kByte));
  grey.images = full.images;
  EXPECT_THROW(value("ssim"), config::InputError);
  grey.images = rows_of(at::zeros({39, 1, 8, 8}, at::kByte));
  EXPECT_THROW(value("rmse"), config::InputError);
}

TEST(Metrics, NamesAreResolvedAndMistakesAnswered) {
  const auto names = [](const std::vector<std::string>& given) {
    std::vector<std::string> found;
    for (const auto* metric : find_metrics(given, "s.toml:3: [quality] metrics")) found.emplace_back(metric->name);
    return found;
  };
  EXPECT_THAT(names({"prc", "fid", "recall"}), ElementsAre("precision", "recall", "fid"));
  EXPECT_THAT(names({"is"}), ElementsAre("inception_score"));
  for (const auto& wrong : {std::vector<std::string>{"fdi"}, std::vector<std::string>{}}) {
    try {
      names(wrong);
      FAIL();
    } catch (const config::InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr("s.toml:3: [quality] metrics: "));
    }
  }
}

TEST(Metrics, OneFunctionOfSeveralRunsOnce) {
  static int calls = 0;
  const auto compute_both = [](const Evidence&) {
    ++calls;
    return Computed{.parts = {{.value = 1}, {.value = 2}}};
  };
  QualityMetric first;
  first.compute = compute_both;
  auto second = first;
  second.part = 1;
  const QualityMetric* const both[] = {&second, &first};
  const auto computed = compute(both, {});
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(computed[0].replicates.value, 2);
  EXPECT_EQ(computed[1].replicates.value, 1);
}

TEST(Metrics, WhatIsMissingIsSaid) {
  Evidence nothing;
  for (const auto& metric : quality_metrics()) EXPECT_NE(lacking(metric, nothing), "") << metric.name;
  const World world;
  for (const auto& metric : quality_metrics()) EXPECT_EQ(lacking(metric, world.method), "") << metric.name;
}

TEST(Metrics, RowsOfAFileDefineEachOnce) {
  std::set<std::string> names;
  for (const auto& row : metric_rows()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(row.definition.ends_with('.')) << row.name;
    EXPECT_TRUE(row.better == "lower" || row.better == "higher") << row.name;
    EXPECT_GT(row.smallest_effect, 0) << row.name;
  }
  EXPECT_TRUE(names.contains("kid_difference"));
  EXPECT_FALSE(names.contains("psnr_difference")) << "is itself a difference";
}

}  // namespace
}  // namespace diffbench::quality
