// Rows whose first block does what it did reuse the rest; the others run, each by itself.
#include "tests/methods/cached_method.h"

namespace diffbench {
namespace {

using testing_models::CachedMethod;

TEST_F(CachedMethod, FirstBlockCacheReusesOnTheSameInput) {
  same_input_ = true;
  const auto runs = evaluate("first_block_cache", {{"threshold", 1e-6}}, 3);
  EXPECT_EQ(runs.launches, (std::vector<int>{5, 1, 1}));
  EXPECT_LT(distance(runs.eps[2], full_[0]), 1e-5);
  EXPECT_EQ(runs.traces[1].exit_count[1], 3);
}

TEST_F(CachedMethod, FirstBlockCacheComputesWhereTheInputChanges) {
  const auto never = evaluate("first_block_cache", {{"threshold", 0.0}}, 3);
  EXPECT_EQ(never.launches, (std::vector<int>{5, 5, 5}));
  EXPECT_TRUE(at::equal(never.eps[2], full_[2]));
  const auto always = evaluate("first_block_cache", {{"threshold", 1e6}}, 3);
  EXPECT_EQ(always.launches, (std::vector<int>{5, 1, 1}));
  EXPECT_GT(distance(always.eps[2], full_[2]), 1e-4);
  const auto limited = evaluate("first_block_cache", {{"threshold", 1e6}, {"max_reuses", 1}}, 4);
  EXPECT_EQ(limited.launches, (std::vector<int>{5, 1, 5, 1}));
}

TEST_F(CachedMethod, FirstBlockCacheDecidesRowByRow) {
  x_[1] = x_[0].clone();
  x_[1][2] = x_[2][2];  // rows 0 and 1 see the same input again, row 2 does not
  const c10::InferenceMode inference;
  const auto denoiser = make("first_block_cache", {{"threshold", 1e-6}});
  denoiser->begin({0, 1, 2});
  EvaluationTrace first;
  EvaluationTrace second;
  const auto before = denoiser->predict(batch(0, times(0)), first);
  const auto after = denoiser->predict(batch(1, times(0)), second);
  EXPECT_EQ(second.blocks_executed, 3 + 4);
  EXPECT_LT(distance(after.slice(0, 0, 2), before.slice(0, 0, 2)), 1e-5);
  EvaluationTrace trace;
  const auto expected = make("full", nlohmann::json::object())->predict(batch(1, times(0)), trace);
  EXPECT_LT(distance(after, expected), 1e-5);
}

TEST_F(CachedMethod, FirstBlockCacheOfTheBatchDecidesForAll) {
  x_[1] = x_[0].clone();
  x_[1][2] = x_[2][2];
  const auto runs = evaluate("first_block_cache", {{"threshold", 1e-6}, {"granularity", "batch_mean"}}, 2);
  EXPECT_EQ(runs.launches[1], 5);
  EXPECT_EQ(runs.traces[1].blocks_executed, 15);
}

}  // namespace
}  // namespace diffbench
