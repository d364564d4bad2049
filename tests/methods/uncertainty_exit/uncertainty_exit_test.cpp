// Exits by gates: who leaves where, what is launched, and that neighbours, moves and late reads change nothing else.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>

#include "methods/config/input_error.h"
#include "methods/registry.h"
#include "tests/methods/test_heads.h"
#include "tests/methods/test_models.h"

namespace diffbench {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const std::vector<double> kTimes(8, 400.0);

class UncertaintyExit : public ::testing::Test {
 protected:
  UncertaintyExit() : files_({.depth = 4}), model_(load_model(files_.path(), resolve_compute("cpu", "fp32"))) {
    at::manual_seed(3);
    x_ = at::randn({8, 1, 8, 8});
    labels_ = at::arange(8, at::TensorOptions(at::kLong)) % 3;
    testing_models::write_random_heads(*model_);
    heads_ = methods::uncertainty_exit::read_heads(files_.path() + "/uncertainty", *model_, "test");
  }

  std::unique_ptr<Denoiser> make(const nlohmann::json& params) {
    return methods::make_method("uncertainty_exit", params, {.model = model_, .load = {}, .where = "test"});
  }

  at::Tensor predict(const nlohmann::json& params, EvaluationTrace& trace) {
    const c10::InferenceMode inference;
    return make(params)->predict(batch(), trace);
  }

  Batch batch() const { return {x_, kTimes, labels_, numbered_members(8)}; }

  // by the definition, one row: u after every block but the last, and the eps of leaving there; last the full eps
  struct Row {
    std::vector<double> u;
    std::vector<at::Tensor> eps;
  };
  Row by_hand(int64_t row) {
    const c10::InferenceMode inference;
    auto& backbone = *model_->network.backbone;
    auto hidden = backbone.embed(x_.slice(0, row, row + 1), {kTimes.front()}, labels_.slice(0, row, row + 1));
    const auto times = heads_->time_features({kTimes.front()}, 1000.0);
    Row result;
    for (int block = 0; block < 5; ++block) {
      backbone.run_block(block, hidden);
      if (block < 4) {
        result.u.push_back(heads_->uncertainty(block, hidden, times).mean().item<double>());
        result.eps.push_back(heads_->head(backbone, block, hidden)[0]);
      }
    }
    result.eps.push_back(backbone.head(hidden)[0]);
    return result;
  }

  testing_models::TemporaryModel files_;
  std::shared_ptr<Model> model_;
  std::shared_ptr<methods::uncertainty_exit::UncertaintyHeads> heads_;
  at::Tensor x_;
  at::Tensor labels_;
};

// a threshold that some rows pass at the first block and some never do
double dividing_threshold(const std::vector<double>& values) {
  auto sorted = values;
  std::sort(sorted.begin(), sorted.end());
  return (sorted[sorted.size() / 2 - 1] + sorted[sorted.size() / 2]) / 2;
}

TEST_F(UncertaintyExit, EachRowLeavesAtItsFirstGateBelowTheThreshold) {
  std::vector<Row> rows;
  std::vector<double> first;
  for (int64_t row = 0; row < 8; ++row) {
    rows.push_back(by_hand(row));
    first.push_back(rows.back().u[0]);
  }
  const double threshold = dividing_threshold(first);
  for (const char* compaction : {"always", "never", "measured"}) {
    EvaluationTrace trace;
    const auto eps = predict({{"threshold", threshold}, {"compaction", compaction}}, trace);
    std::vector<int64_t> exits(6, 0);
    double needed = 0.0;
    for (size_t row = 0; row < 8; ++row) {
      size_t exit = 0;
      while (exit < 4 && !(rows[row].u[exit] < threshold)) {
        ++exit;
      }
      EXPECT_LT((eps[static_cast<int64_t>(row)] - rows[row].eps[exit]).abs().max().item<float>(), 1e-5F) << row;
      ++exits[exit + 1];
      needed += static_cast<double>(exit) + 1.0;
    }
    EXPECT_EQ(trace.exit_count, exits) << compaction;
    EXPECT_GT(exits[1], 0);  // the threshold divides
    EXPECT_LT(exits[1], 8);
    EXPECT_EQ(trace.blocks_executed - trace.blocks_carried, needed) << compaction;
    EXPECT_EQ(std::string(compaction) == "never", trace.compactions == 0 && trace.blocks_carried > 0) << compaction;
    EXPECT_GT(trace.probe_flops, 0.0);
  }
}

TEST_F(UncertaintyExit, BatchGranularityTakesAllOrNobody) {
  std::vector<double> first;
  for (int64_t row = 0; row < 8; ++row) {
    first.push_back(by_hand(row).u[0]);
  }
  const auto leave_at_once = [&](const char* granularity, double threshold) {
    EvaluationTrace trace;
    predict({{"threshold", threshold}, {"granularity", granularity}}, trace);
    EXPECT_EQ(trace.compactions, 0);
    EXPECT_TRUE(trace.exit_count[1] == 0 || trace.exit_count[1] == 8);
    return trace.exit_count[1] == 8;
  };
  const auto [least, most] = std::minmax_element(first.begin(), first.end());
  const double mean = std::accumulate(first.begin(), first.end(), 0.0) / 8.0;
  EXPECT_TRUE(leave_at_once("batch_any", *least + 1e-6));
  EXPECT_FALSE(leave_at_once("batch_any", *least - 1e-6));
  EXPECT_TRUE(leave_at_once("batch_mean", mean + 1e-6));
  EXPECT_FALSE(leave_at_once("batch_mean", mean - 1e-6));
  EXPECT_TRUE(leave_at_once("batch_all", *most + 1e-6));
  EXPECT_FALSE(leave_at_once("batch_all", *most - 1e-6));
}

TEST_F(UncertaintyExit, PatienceAndFirstExitDelay) {
  const auto exits = [&](const nlohmann::json& params) {
    EvaluationTrace trace;
    predict(params, trace);
    return trace.exit_count;
  };
  const nlohmann::json certain = {{"threshold", 1.0}};  // every probe is below it
  const auto with = [&](nlohmann::json more) {
    more.update(certain);
    return exits(more);
  };
  using Counts = std::vector<int64_t>;
  EXPECT_EQ(with(nlohmann::json::object()), (Counts{0, 8, 0, 0, 0, 0}));
  EXPECT_EQ(with({{"first_exit", 3}}), (Counts{0, 0, 0, 8, 0, 0}));
  EXPECT_EQ(with({{"patience", 2}}), (Counts{0, 0, 8, 0, 0, 0}));
  EXPECT_EQ(with({{"patience", 4}, {"patience_until", 2}}), (Counts{0, 0, 0, 8, 0, 0}));
  EXPECT_EQ(with({{"patience", 2}, {"probe_every", 2}}), (Counts{0, 0, 0, 8, 0, 0}));
}

// a hit among patient blocks is no exit later on: an exit beyond them takes a hit of its own
TEST_F(UncertaintyExit, AnEarlyHitAloneDoesNotLetARowLeaveLater) {
  std::vector<Row> rows;
  double threshold = 0.0;
  for (int64_t row = 0; row < 8; ++row) {
    rows.push_back(by_hand(row));
    threshold = std::max(threshold, rows.back().u[0] + 1e-4);
  }
  // everybody hits at block 0; block 1 is patient too; later blocks take one hit of their own
  const nlohmann::json params = {{"threshold", threshold}, {"patience", 3}, {"patience_until", 2}};
  EvaluationTrace trace;
  predict(params, trace);
  std::vector<int64_t> expected(6, 0);
  for (const auto& row : rows) {
    size_t exit = 2;
    while (exit < 4 && !(row.u[exit] < threshold)) {
      ++exit;
    }
    ++expected[exit + 1];
  }
  EXPECT_EQ(trace.exit_count, expected);
}

// the pair of a guided sample leaves where both would; the next plan starts from where they really went
TEST_F(UncertaintyExit, LateReadsKnowWhereCoupledRowsWent) {
  const c10::InferenceMode inference;
  const auto denoiser = make({{"threshold", 0.0}, {"reads", "previous_evaluation"}});
  denoiser->couple_halves(true);
  auto pairs = batch();
  for (size_t row = 4; row < 8; ++row) {
    pairs.members[row] = {.sample = static_cast<int64_t>(row) - 4, .unconditional = true};
  }
  denoiser->begin({0, 1, 2, 3});
  for (int i = 0; i < 3; ++i) {
    EvaluationTrace trace;
    denoiser->predict(pairs, trace);
    EXPECT_EQ(trace.exit_count[5], 8) << i;  // no gate is below 0: nobody ever leaves
  }
}

TEST_F(UncertaintyExit, SettingsThatDoNothingAreRefused) {
  for (const nlohmann::json& extra : {nlohmann::json{{"granularity", "batch_mean"}}, nlohmann::json{{"patience", 2}}}) {
    nlohmann::json params = {{"threshold", 0.1}, {"reads", "previous_evaluation"}};
    params.update(extra);
    EXPECT_THAT([&] { make(params); }, ThrowsMessage<config::InputError>(HasSubstr("test: reads")));
  }
  EXPECT_THAT(
      [&] {
        make({{"threshold", 0.1}, {"first_exit", 5}});
      },
      ThrowsMessage<config::InputError>(HasSubstr("first_exit")));
}

TEST_F(UncertaintyExit, LateReadsFollowThePreviousEvaluation) {
  const c10::InferenceMode inference;
  std::vector<double> first;
  for (int64_t row = 0; row < 8; ++row) {
    first.push_back(by_hand(row).u[0]);
  }
  const nlohmann::json params = {{"threshold", dividing_threshold(first)}};
  auto late_params = params;
  late_params["reads"] = "previous_evaluation";
  const auto at_once = make(params);
  const auto late = make(late_params);
  late->begin({0, 1, 2, 3, 4, 5, 6, 7});
  EvaluationTrace expected;
  EvaluationTrace first_trace;
  EvaluationTrace second_trace;
  const auto eps = at_once->predict(batch(), expected);
  late->predict(batch(), first_trace);
  EXPECT_EQ(first_trace.exit_count[5], 8);  // nothing is known yet
  const auto late_eps = late->predict(batch(), second_trace);
  EXPECT_EQ(second_trace.exit_count, expected.exit_count);
  EXPECT_LT((late_eps - eps).abs().max().item<float>(), 1e-5F);
}

TEST_F(UncertaintyExit, TheGateSeesTheTime) {
  const auto tokens_only = heads_->time_features({0.0, 900.0}, 1000.0);
  const auto hidden = model_->network.backbone->embed(x_.slice(0, 0, 1).expand({2, 1, 8, 8}), {400.0, 400.0}, {});
  const auto u = heads_->uncertainty(0, hidden, tokens_only).mean(1);
  EXPECT_GT((u[0] - u[1]).abs().item<float>(), 1e-4F);
  testing_models::write_random_heads(*model_, {.time_input = false});
  const auto blind = methods::uncertainty_exit::read_heads(files_.path() + "/uncertainty", *model_, "test");
  const auto same = blind->uncertainty(0, hidden, tokens_only).mean(1);
  EXPECT_EQ(same[0].item<float>(), same[1].item<float>());
}

TEST_F(UncertaintyExit, Bf16AndFp64ReadTheSameHeads) {
  for (const char* precision : {"bf16", "fp64"}) {
    const auto model = load_model(files_.path(), resolve_compute("cpu", precision));
    const auto denoiser =
        methods::make_method("uncertainty_exit", {{"threshold", 1.0}}, {.model = model, .load = {}, .where = "test"});
    const c10::InferenceMode inference;
    EvaluationTrace trace;
    const auto eps =
        denoiser->predict({x_.to(model->compute.state_dtype), kTimes, labels_, numbered_members(8)}, trace);
    EXPECT_EQ(eps.scalar_type(), model->compute.state_dtype);
    EXPECT_EQ(trace.exit_count[1], 8);
  }
}

TEST_F(UncertaintyExit, HeadsOfAnotherCheckpointAreRefused) {
  const testing_models::TemporaryModel other({.depth = 4, .seed = 5});
  const auto stranger = load_model(other.path(), model_->compute);
  const nlohmann::json params = {{"threshold", 0.1}, {"heads", files_.path() + "/uncertainty"}};
  EXPECT_THAT(
      [&] { methods::make_method("uncertainty_exit", params, {.model = stranger, .load = {}, .where = "s.toml:4"}); },
      ThrowsMessage<config::InputError>(HasSubstr("trained on another checkpoint")));
  EXPECT_THAT(
      [&] {
        methods::make_method("uncertainty_exit", {{"threshold", 0.1}},
                             {.model = stranger, .load = {}, .where = "s.toml:4"});
      },
      ThrowsMessage<config::InputError>(AllOf(HasSubstr("s.toml:4: heads: no heads.toml"))));
}

}  // namespace
}  // namespace diffbench
