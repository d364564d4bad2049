#include "harness/measure/forecast.h"

#include <gmock/gmock.h>

#include <stdexcept>

namespace diffbench::measure {
namespace {

using ::testing::DoubleEq;
using ::testing::Optional;

// four blocks of 10 FLOPs, embedding and head of 1 and 2
class PricedBackbone : public backbones::Backbone {
 public:
  int block_count() const override { return 4; }
  at::Tensor blank_input(int64_t) const override { throw std::logic_error("a forecast runs nothing"); }
  backbones::Hidden embed(const at::Tensor&, const std::vector<double>&, const at::Tensor&) override {
    throw std::logic_error("a forecast runs nothing");
  }
  void transform(int, backbones::Hidden&) override { throw std::logic_error("a forecast runs nothing"); }
  at::Tensor head(const backbones::Hidden&) override { throw std::logic_error("a forecast runs nothing"); }
  backbones::BlockCost cost(int) const override { return {.flops = 10.0}; }
  backbones::BlockCost embed_cost() const override { return {.flops = 1.0}; }
  backbones::BlockCost head_cost() const override { return {.flops = 2.0}; }
};

solvers::Plan plan_at(const std::vector<double>& times) {
  solvers::Plan plan;
  for (const double t : times) {
    plan.evaluations.push_back({.t = t, .step = static_cast<int>(plan.evaluations.size()), .updates = {}});
  }
  return plan;
}

Promise promise(const std::vector<results::PlannedDepthRow>& depths, const std::vector<double>& times,
                const Guidance& guidance = {}) {
  CellFacts facts;
  facts.block_count = 4;
  facts.planned_depths = depths;
  return promise_of(facts, plan_at(times), guidance, PricedBackbone());
}

TEST(Promise, IsTheDepthAtEachTimeOfThePlan) {
  const auto found = promise({{0, 500, 4}, {500, 1000, 1}}, {999, 500, 499, 0});
  EXPECT_EQ(found.blocks_full, 16.0);
  EXPECT_THAT(found.blocks, Optional(DoubleEq(1 + 1 + 4 + 4)));
  EXPECT_THAT(found.flops, Optional(DoubleEq(4 * 3 + 10 * 10)));
  EXPECT_THAT(promise({{0, 500, 4}, {500, 1000, 1}}, {1000}).blocks, Optional(DoubleEq(1)));  // the end of the last bin
}

TEST(Promise, GuidedTimesCountBothHalves) {
  const Guidance guidance{.scale = 2.0, .from_t = 0.0, .to_t = 499.0};
  const auto found = promise({{0, 500, 4}, {500, 1000, 1}}, {750, 250}, guidance);
  EXPECT_EQ(found.blocks_full, 4 + 2 * 4);
  EXPECT_THAT(found.blocks, Optional(DoubleEq(1 + 2 * 4)));
}

TEST(Promise, IsNotMadeWhereTheSampleDecides) {
  const auto found = promise({}, {999, 0});
  EXPECT_EQ(found.blocks_full, 8.0);
  EXPECT_FALSE(found.blocks || found.flops);
}

suite::Suite suite_of(int min_rounds, int max_rounds, double max_seconds, double warmup, int samples) {
  suite::Suite suite;
  suite.timing = {.min_rounds = min_rounds,
                  .max_rounds = max_rounds,
                  .max_seconds = max_seconds,
                  .target_half_width = 0.02,
                  .warmup_max_seconds = warmup};
  suite.quality.samples = samples;
  return suite;
}

TEST(TimeForecast, CountsWarmUpAndRounds) {
  const auto time = forecast_time(suite_of(3, 10, 1000, 5, 0), 1, {{.repetition_s = 1.0}, {.repetition_s = 2.0}});
  EXPECT_DOUBLE_EQ(time.timing_least_s, 4 * 1.0 + 5.0 + 3 * 3.0);  // four of 2 s do not fit into 5 s
  EXPECT_DOUBLE_EQ(time.timing_most_s, (5 + 1) + (5 + 2) + 10 * 3.0);
  EXPECT_FALSE(time.timing_is_capped);
  EXPECT_EQ(time.checks_s + time.quality_s, 0.0);
}

TEST(TimeForecast, WithoutWarmUpThereIsNone) {
  const auto time = forecast_time(suite_of(3, 3, 1000, 0, 0), 1, {{.repetition_s = 1.0}});
  EXPECT_DOUBLE_EQ(time.timing_least_s, 3.0);
  EXPECT_DOUBLE_EQ(time.timing_most_s, 3.0);
}

TEST(TimeForecast, MaxSecondsEndsItButTwoRoundsAreMade) {
  const auto capped = forecast_time(suite_of(3, 1000, 50, 5, 0), 1, {{.repetition_s = 1.0}});
  EXPECT_TRUE(capped.timing_is_capped);
  EXPECT_DOUBLE_EQ(capped.timing_most_s, 51.0);
  EXPECT_DOUBLE_EQ(capped.timing_least_s, 7.0);
  const auto slow = forecast_time(suite_of(5, 1000, 10, 0, 0), 1, {{.repetition_s = 100.0}});
  EXPECT_DOUBLE_EQ(slow.timing_least_s, 200.0);
  EXPECT_DOUBLE_EQ(slow.timing_most_s, 200.0);
  EXPECT_LE(slow.timing_least_s, slow.timing_most_s);
}

TEST(TimeForecast, JudgesEachKeyOnceSharedOverRanks) {
  const std::vector<CellCost> cells = {{.repetition_s = 1.0, .sample_s = 0.5, .judgement_key = "full"},
                                       {.repetition_s = 1.0, .sample_s = 0.5, .judgement_key = "full"},
                                       {.repetition_s = 1.0, .sample_s = 0.25, .judgement_key = "exit"},
                                       {.repetition_s = 1.0}};
  EXPECT_DOUBLE_EQ(forecast_time(suite_of(1, 1, 10, 0, 100), 1, cells).quality_s, 75.0);
  const auto shared = forecast_time(suite_of(1, 1, 10, 0, 100), 3, cells);
  EXPECT_DOUBLE_EQ(shared.quality_s, 25.0);
  EXPECT_GT(shared.checks_s, 0.0);
  EXPECT_DOUBLE_EQ(shared.least_s(), shared.checks_s + 4.0 + 25.0);
  EXPECT_EQ(forecast_time(suite_of(1, 1, 10, 0, 0), 1, cells).quality_s, 0.0);
}

}  // namespace
}  // namespace diffbench::measure
