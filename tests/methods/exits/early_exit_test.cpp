// The engine: exits are executed, rows do not disturb each other, and the trace tells the truth.
#include <ATen/ATen.h>
#include <ATen/record_function.h>
#include <gmock/gmock.h>

#include "methods/exits/early_exit_denoiser.h"
#include "methods/registry.h"
#include "methods/static_schedule/depth_schedule.h"
#include "tests/methods/test_heads.h"
#include "tests/methods/test_models.h"

namespace diffbench {
namespace {

using testing_models::TemporaryModel;

// counts attention operators as LibTorch dispatches them, and the rows they work on: one per block that really runs
class AttentionCounter {
 public:
  AttentionCounter() {
    launches_ = 0;
    rows_ = 0;
    handle_ = at::addThreadLocalCallback(at::RecordFunctionCallback([](const at::RecordFunction& call) {
                                           if (std::string_view(call.name()) == "aten::scaled_dot_product_attention") {
                                             ++launches_;
                                             rows_ += call.inputs()[0].toTensor().size(0);
                                           }
                                           return std::unique_ptr<at::ObserverContext>();
                                         })
                                             .needsInputs(true)
                                             .scopes({at::RecordScope::FUNCTION}));
  }
  ~AttentionCounter() { at::removeCallback(handle_); }
  static int launches_;
  static int64_t rows_;

 private:
  at::CallbackHandle handle_;
};
int AttentionCounter::launches_ = 0;
int64_t AttentionCounter::rows_ = 0;

struct Outcome {
  at::Tensor eps;
  EvaluationTrace trace;
  int launches = 0;
  int64_t attention_rows = 0;
};

class EarlyExit : public ::testing::Test {
 protected:
  EarlyExit() : files_({.depth = 4}), model_(load_model(files_.path(), resolve_compute("cpu", "fp32"))) {}

  Outcome predict(const std::string& method, const nlohmann::json& params, const std::vector<double>& t) {
    const auto denoiser =
        methods::make_method(method, params,
                             {.model = model_,
                              .load = [this](const std::string& name) { return load_model(name, model_->compute); },
                              .where = "test"});
    const auto rows = static_cast<int64_t>(t.size());
    at::manual_seed(3);
    const auto x = at::randn({rows, 1, 8, 8});
    const auto labels = at::arange(rows, at::TensorOptions(at::kLong)) % 3;
    const c10::InferenceMode inference;
    const AttentionCounter counter;
    Outcome outcome;
    outcome.eps = denoiser->predict({x, t, labels, numbered_members(rows)}, outcome.trace);
    outcome.launches = AttentionCounter::launches_;
    outcome.attention_rows = AttentionCounter::rows_;
    return outcome;
  }

  TemporaryModel files_;
  std::shared_ptr<Model> model_;
};

TEST_F(EarlyExit, NeverSkipSettingsEqualFullBitByBit) {
  const std::vector<double> t{999, 500, 20, 0};
  const auto full = predict("full", nlohmann::json::object(), t).eps;
  testing_models::write_random_heads(*model_);
  for (const auto& entry : methods::method_table()) {
    auto given = nlohmann::json::object();
    if (entry.name == "duodiff") {
      given["shallow"] = files_.path();
    }
    if (const auto params = entry.never_skip(given, *model_)) {
      EXPECT_TRUE(at::equal(full, predict(entry.name, *params, t).eps)) << entry.name;
    }
  }
}

TEST_F(EarlyExit, SkippedBlocksAreNotLaunched) {
  for (int exit = 1; exit <= 5; ++exit) {
    const auto outcome = predict("fixed_exit", {{"exit", exit}}, {999, 500});
    EXPECT_EQ(outcome.launches, exit);
    EXPECT_EQ(outcome.trace.blocks_executed, 2.0 * exit);
    EXPECT_EQ(outcome.trace.exit_count[static_cast<size_t>(exit)], 2);
  }
}

TEST_F(EarlyExit, RowsThatLeaveAtDifferentBlocksAreCompacted) {
  // bins: t < 500 runs all 5 blocks, t >= 500 runs 3
  const auto outcome = predict("static_schedule", {{"depths", {5, 3}}}, {999, 100, 700, 3});
  EXPECT_EQ(outcome.launches, 5);
  EXPECT_EQ(outcome.attention_rows, 2 * 5 + 2 * 3);
  EXPECT_EQ(static_cast<double>(outcome.attention_rows), outcome.trace.blocks_executed);
  EXPECT_EQ(outcome.trace.blocks_bypassed, 2 * 2);
  EXPECT_EQ(outcome.trace.exit_count, (std::vector<int64_t>{0, 0, 0, 2, 0, 2}));
}

TEST_F(EarlyExit, ARowDoesNotDependOnItsNeighbours) {
  const std::vector<double> t{999, 100, 700, 3};
  const auto denoiser =
      methods::make_method("static_schedule", {{"depths", {5, 3}}}, {.model = model_, .load = {}, .where = "test"});
  at::manual_seed(3);
  const auto x = at::randn({4, 1, 8, 8});
  const auto labels = at::arange(4, at::TensorOptions(at::kLong)) % 3;
  const c10::InferenceMode inference;
  EvaluationTrace trace;
  const auto together = denoiser->predict({x, t, labels, numbered_members(4)}, trace);
  for (int64_t row = 0; row < 4; ++row) {
    const auto alone = denoiser->predict(
        {x.slice(0, row, row + 1), {t[static_cast<size_t>(row)]}, labels.slice(0, row, row + 1), members_of({row})},
        trace);
    EXPECT_LT((together[row] - alone[0]).abs().max().item<float>(), 1e-5F) << row;
  }
}

TEST_F(EarlyExit, AStaticScheduleKeepsSkipLinearOfDroppedBlocks) {
  // by hand: 3 blocks, then the merge of each dropped decoder block, then the head
  auto& backbone = *model_->network.backbone;
  at::manual_seed(3);
  const auto x = at::randn({1, 1, 8, 8});
  const auto labels = at::zeros({1}, at::TensorOptions(at::kLong));
  const c10::InferenceMode inference;
  auto hidden = backbone.embed(x, {900.0}, labels);
  for (int block = 0; block < 3; ++block) {
    backbone.run_block(block, hidden);
  }
  backbone.bypass_block(3, hidden);
  backbone.bypass_block(4, hidden);
  EXPECT_TRUE(hidden.skips.empty());
  const auto expected = backbone.head(hidden);
  const auto denoiser =
      methods::make_method("static_schedule", {{"depths", {3}}}, {.model = model_, .load = {}, .where = "test"});
  EvaluationTrace trace;
  EXPECT_TRUE(at::equal(expected, denoiser->predict({x, {900.0}, labels, numbered_members(1)}, trace)));
}

TEST_F(EarlyExit, DuoDiffGivesEachRowItsNetwork) {
  const TemporaryModel shallow({.depth = 2, .seed = 9});
  const nlohmann::json params = {{"switch_t", 500}, {"shallow", shallow.path()}};
  const auto mixed = predict("duodiff", params, {999, 100});
  EXPECT_EQ(mixed.launches, 3 + 5);
  EXPECT_EQ(mixed.trace.blocks_executed, 8.0);
  EXPECT_EQ(mixed.trace.rows, 2);
  const auto deep = predict("full", nlohmann::json::object(), {999, 100});
  EXPECT_LT((mixed.eps[1] - deep.eps[1]).abs().max().item<float>(), 1e-5F);
  EXPECT_GT((mixed.eps[0] - deep.eps[0]).abs().max().item<float>(), 1e-3F);
}

TEST_F(EarlyExit, TraceFlopsAreTheSumOfBlockCosts) {
  const auto& backbone = *model_->network.backbone;
  const auto full = predict("full", nlohmann::json::object(), {999, 3});
  EXPECT_DOUBLE_EQ(full.trace.flops, 2.0 * backbones::full_flops(backbone));
  const auto exit = predict("fixed_exit", {{"exit", 1}}, {999, 3});
  EXPECT_DOUBLE_EQ(exit.trace.flops,
                   2.0 * (backbone.embed_cost().flops + backbone.cost(0).flops + backbone.head_cost().flops));
}

}  // namespace
}  // namespace diffbench
