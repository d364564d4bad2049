// When rows are moved is decided by what prepare found or was given, never by a measurement in between.
#include "methods/exits/compaction.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "methods/config/input_error.h"
#include "methods/registry.h"
#include "methods/sampling/guidance.h"
#include "methods/sampling/sampler.h"
#include "methods/solvers/solver_table.h"
#include "tests/methods/test_heads.h"
#include "tests/methods/test_models.h"

namespace diffbench {
namespace {

using exits::BlockTimes;
using exits::Compaction;
using exits::CompactionRule;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class CompactionTest : public ::testing::Test {
 protected:
  CompactionTest() : files_({.depth = 4}), model_(load_model(files_.path(), resolve_compute("cpu", "fp32"))) {
    testing_models::write_random_heads(*model_);
  }

  std::unique_ptr<Denoiser> make(const std::string& method, const json& params) const {
    const auto load = [this](const std::string& name) { return load_model(name, model_->compute); };
    return methods::make_method(method, params, {.model = model_, .load = load, .where = "test"});
  }

  at::Tensor sample(Denoiser& denoiser, Trace& trace) const {
    const Sampler sampler(solvers::make_plan({.solver = "ddim", .steps = 4}, *model_->schedule), *model_);
    const std::vector<int64_t> samples{0, 1, 2, 3, 4, 5, 6, 7};
    PhiloxNoise noise(11, samples, {1, 8, 8}, model_->compute);
    return sampler.run(denoiser, noise, default_labels(samples, 3, model_->compute), trace);
  }

  static int64_t compactions(const Trace& trace) {
    int64_t sum = 0;
    for (const auto& evaluation : trace) {
      sum += evaluation.compactions;
    }
    return sum;
  }

  testing_models::TemporaryModel files_;
  std::shared_ptr<Model> model_;
};

// a block of one row costs `ns` for each of them, moving a byte `move_ns`
json decisions(double ns, double move_ns) {
  return {{"block_times", BlockTimes({{1, ns}, {64, 64 * ns}}, move_ns).to_json()}};
}

const json kRandom = {{"mean_depth", 3.0}};

TEST_F(CompactionTest, BlockTimesSurviveJsonToTheLastBit) {
  const BlockTimes times({{1, 1.0 / 3.0}, {2, 0.7}, {7, 1e9 / 7.0}}, 1e-3 / 9.0);
  const auto again = BlockTimes::from_json(json::parse(times.to_json().dump()));
  for (const int64_t rows : {1, 2, 3, 7, 20}) {
    EXPECT_EQ(again.block_ns(rows), times.block_ns(rows)) << rows;
  }
  EXPECT_EQ(again.move_ns(17.0), times.move_ns(17.0));
  for (const char* wrong : {"[]", "{}", R"({"block": [], "move_ns_per_byte": 1})",
                            R"({"block": [{"rows": 2, "ns": 1}, {"rows": 1, "ns": 1}], "move_ns_per_byte": 1})",
                            R"({"block": [{"rows": "2", "ns": 1}], "move_ns_per_byte": 1})"}) {
    EXPECT_THAT([&] { BlockTimes::from_json(json::parse(wrong)); },
                ThrowsMessage<config::InputError>(HasSubstr("block_times")))
        << wrong;
  }
}

TEST_F(CompactionTest, TheSameDecisionsGiveTheSameBytes) {
  const auto measured = make("random_exit", kRandom)->prepare({.rows = 8, .times = {500.0}}, nullptr);
  ASSERT_TRUE(measured.contains("block_times")) << measured;
  Trace first_trace;
  Trace second_trace;
  const auto first = make("random_exit", kRandom);
  const auto second = make("random_exit", kRandom);
  EXPECT_EQ(first->prepare({.rows = 8, .times = {500.0}}, measured), measured);
  second->prepare({.rows = 8, .times = {500.0}}, json::parse(measured.dump()));
  EXPECT_TRUE(at::equal(sample(*first, first_trace), sample(*second, second_trace)));
  EXPECT_EQ(compactions(first_trace), compactions(second_trace));
}

TEST_F(CompactionTest, TheDecisionsAreFollowed) {
  const auto moves = [&](const json& given) {
    const auto denoiser = make("random_exit", kRandom);
    denoiser->prepare({.rows = 8, .times = {}}, given);
    Trace trace;
    sample(*denoiser, trace);
    return compactions(trace);
  };
  EXPECT_EQ(moves(decisions(1.0, 1e9)), 0);  // moving is dear
  EXPECT_GT(moves(decisions(1e9, 1e-9)), 0);
  EXPECT_EQ(moves(json::object()), moves(decisions(1e9, 1e-9)));  // nothing measured: always
}

TEST_F(CompactionTest, UnpreparedMeansAlways) {
  Trace unprepared_trace;
  Trace always_trace;
  auto always = kRandom;
  always["compaction"] = "always";
  const auto unprepared = make("random_exit", kRandom);
  EXPECT_TRUE(at::equal(sample(*unprepared, unprepared_trace), sample(*make("random_exit", always), always_trace)));
  EXPECT_EQ(compactions(unprepared_trace), compactions(always_trace));
  EXPECT_GT(compactions(always_trace), 0);
}

TEST_F(CompactionTest, OnlyMeasuredModesDecideAnything) {
  const PrepareRequest request{.rows = 4, .times = {100.0, 900.0}};
  EXPECT_TRUE(make("full", json::object())->prepare(request, nullptr).empty());
  EXPECT_TRUE(make("block_cache", json::object())->prepare(request, nullptr).empty());
  for (const char* mode : {"always", "never"}) {
    EXPECT_TRUE(make("random_exit", {{"mean_depth", 3.0}, {"compaction", mode}})->prepare(request, nullptr).empty());
  }
}

TEST_F(CompactionTest, GuidanceDoublesTheRowsAndDuodiffNestsTheDecisions) {
  const auto most_rows = [](const json& times) { return times.at("block").back().at("rows").get<int64_t>(); };
  const auto guided = guide(make("random_exit", kRandom), {.scale = 2.0, .from_t = 0, .to_t = 500}, *model_, "test");
  EXPECT_EQ(most_rows(guided->prepare({.rows = 4, .times = {900.0, 100.0}}, nullptr).at("block_times")), 8);
  EXPECT_EQ(most_rows(guided->prepare({.rows = 4, .times = {900.0}}, nullptr).at("block_times")), 4);

  const auto both = make(
      "duodiff",
      {{"shallow", files_.path()}, {"switch_t", 500}, {"deep_method", "random_exit"}, {"deep_params", kRandom.dump()}});
  const auto measured = both->prepare({.rows = 4, .times = {900.0, 100.0}}, nullptr);
  EXPECT_FALSE(measured.contains("shallow")) << measured;
  EXPECT_EQ(most_rows(measured.at("deep").at("block_times")), 4);
  EXPECT_EQ(both->prepare({.rows = 4, .times = {900.0, 100.0}}, measured), measured);
  // the deep network never runs
  EXPECT_TRUE(both->prepare({.rows = 4, .times = {900.0}}, nullptr).empty());
}

}  // namespace
}  // namespace diffbench
