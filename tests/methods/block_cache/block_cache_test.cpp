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
  denoiser->predict(x_[0], {500, 500, 500}, labels_, trace);
  denoiser->begin({3, 4, 5});
  EXPECT_TRUE(at::equal(denoiser->predict(x_[1], times(1), labels_, trace), full_[1]));
  // neither does one of another size
  const auto two = denoiser->predict(x_[2].slice(0, 0, 2), {300, 300}, labels_.slice(0, 0, 2), trace);
  EXPECT_LT(distance(two, full_[2].slice(0, 0, 2)), 1e-5);
}

}  // namespace
}  // namespace diffbench
