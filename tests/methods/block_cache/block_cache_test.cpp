// What is reused is what was kept, what runs is what the trace says.
#include "tests/methods/cached_method.h"

namespace diffbench {
namespace {

using testing_models::CachedMethod;

TEST_F(CachedMethod, BlockCacheRunsWholeEveryThirdEvaluation) {
  const auto runs = evaluate("block_cache", {{"interval", 3}}, 4);
  EXPECT_EQ(runs.launches, (std::vector<int>{5, 0, 0, 5}));
  for (const size_t whole : {0U, 3U}) {
    EXPECT_TRUE(at::equal(runs.eps[whole], full_[whole])) << whole;
  }
  EXPECT_GT(distance(runs.eps[1], full_[1]), 1e-4);
  EXPECT_EQ(runs.traces[1].blocks_bypassed, 5.0 * 3);
  EXPECT_LT(runs.traces[1].flops, runs.traces[0].flops / 2);
}

// the residuals are exact where the input is the same
TEST_F(CachedMethod, ReuseOnTheSameInputIsExact) {
  same_input_ = true;
  for (const char* keep : {"residuals", "deep"}) {
    const auto runs = evaluate("block_cache", {{"interval", 2}, {"keep", keep}}, 2);
    EXPECT_LT(distance(runs.eps[1], full_[1]), 1e-5) << keep;
  }
}

TEST_F(CachedMethod, DeepCacheRunsTheOutermostBlocks) {
  const auto runs = evaluate("block_cache", {{"interval", 2}, {"keep", "deep"}, {"branch", 2}}, 3);
  EXPECT_EQ(runs.launches, (std::vector<int>{5, 4, 5}));
  EXPECT_GT(distance(runs.eps[1], full_[1]), 1e-5);
  EXPECT_EQ(runs.traces[1].exit_count[4], 3);
  EXPECT_THROW(evaluate("block_cache", {{"keep", "deep"}, {"branch", 3}}, 1), config::InputError);
}

TEST_F(CachedMethod, ANewBatchReusesNothing) {
  const auto denoiser = make("block_cache", {{"interval", 100}});
  const c10::InferenceMode inference;
  EvaluationTrace trace;
  denoiser->begin({0, 1, 2});
  denoiser->predict(batch(0, {500, 500, 500}), trace);
  denoiser->begin({0, 1, 2});
  EXPECT_TRUE(at::equal(denoiser->predict(batch(1, times(1)), trace), full_[1]));
  // neither do samples that were not there before
  auto others = batch(2, times(2));
  others.members = members_of({3, 4, 5});
  EXPECT_TRUE(at::equal(denoiser->predict(others, trace), full_[2]));
}

// Heun's corrector looks at the time of the next predictor: both are one place, and share its fate
TEST_F(CachedMethod, BlockCacheCountsATimeOnce) {
  const c10::InferenceMode inference;
  const auto denoiser = make("block_cache", {{"interval", 2}});
  denoiser->prepare({.rows = 3, .times = {500, 400, 400, 300, 300, 200}}, nullptr);
  denoiser->begin({0, 1, 2});
  std::vector<int64_t> whole;
  for (const double t : {500.0, 400.0, 400.0, 300.0, 300.0, 200.0}) {
    EvaluationTrace trace;
    denoiser->predict(batch(0, {t, t, t}), trace);
    whole.push_back(trace.exit_count[5]);
  }
  EXPECT_THAT(whole, ::testing::ElementsAre(3, 0, 0, 3, 3, 0));
}

// a row joins, the others change places: each goes on by the plan's timetable
TEST_F(CachedMethod, BlockCacheKeepsBySample) {
  for (const char* keep : {"residuals", "deep"}) {
    const c10::InferenceMode inference;
    const nlohmann::json params = {{"interval", 3}, {"keep", keep}};
    // by hand: each sample alone, sample 1 from the second evaluation on
    const auto row_of = [&](size_t evaluation, int64_t sample) {
      return batch(evaluation, times(evaluation)).select({sample});
    };
    std::map<int64_t, std::vector<at::Tensor>> alone;
    for (int64_t sample = 0; sample < 3; ++sample) {
      const auto denoiser = make("block_cache", params);
      prepare(*denoiser, 4);
      for (size_t evaluation = sample == 1 ? 1 : 0; evaluation < 4; ++evaluation) {
        EvaluationTrace trace;
        alone[sample].push_back(denoiser->predict(row_of(evaluation, sample), trace));
      }
    }
    alone[1].insert(alone[1].begin(), at::Tensor());
    const auto denoiser = make("block_cache", params);
    prepare(*denoiser, 4);
    const std::vector<std::vector<int64_t>> orders = {{0, 2}, {2, 1, 0}, {1, 0, 2}, {2, 1}};
    for (size_t evaluation = 0; evaluation < 4; ++evaluation) {
      EvaluationTrace trace;
      const auto eps = denoiser->predict(batch(evaluation, times(evaluation)).select(orders[evaluation]), trace);
      for (size_t row = 0; row < orders[evaluation].size(); ++row) {
        const auto& expected = alone[orders[evaluation][row]][evaluation];
        EXPECT_LT(distance(eps[static_cast<int64_t>(row)], expected[0]), 1e-5) << keep << evaluation << row;
      }
    }
  }
}

// the half that guidance adds later computes, and so does its partner: a difference of a new and a reused prediction
// would be multiplied by the scale
TEST_F(CachedMethod, BlockCacheKeepsCoupledHalvesInStep) {
  const c10::InferenceMode inference;
  const auto denoiser = make("block_cache", {{"interval", 3}});
  denoiser->couple_halves(true);
  EvaluationTrace first;
  denoiser->predict(batch(0, times(0)).select({0}), first);
  auto pair = batch(1, times(1)).select({0, 1});
  pair.members = {{.sample = 0}, {.sample = 0, .unconditional = true}};
  EvaluationTrace second;
  denoiser->predict(pair, second);
  EXPECT_EQ(second.exit_count[5], 2);
  EvaluationTrace third;
  denoiser->predict(pair, third);
  EXPECT_EQ(third.exit_count[0], 2);
}

}  // namespace
}  // namespace diffbench
