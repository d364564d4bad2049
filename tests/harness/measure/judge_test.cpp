// Quality of made-up cells: what is judged together, in which batches, and what stands in the file. Runs alone and
// under mpirun on 2 ranks; what it expects holds for both.

#include "harness/measure/judge.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cmath>
#include <functional>

#include "harness/measure/judge_stored.h"
#include "harness/measure/preparation.h"
#include "harness/measure/shard.h"
#include "harness/quality/reference_statistics.h"
#include "methods/data/npz.h"
#include "methods/model/tensors.h"
#include "results/sql.h"
#include "tests/harness/measure/fakes.h"

namespace diffbench::measure {
namespace {

using ::testing::ElementsAre;
using testing::FakeClock;
using testing::FakeRunner;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Script;

// [3, 4, 4] of one sample: the same whatever the batch, or of the batch too
at::Tensor image_of(int64_t sample, int64_t of_batch, double darker) {
  const auto phase = at::arange(48, at::kDouble).reshape({3, 4, 4}) * 0.37 + static_cast<double>(sample) * 1.7;
  return ((phase.sin() + at::full({}, std::cos(static_cast<double>(sample * sample)))) / 2 - darker +
          0.01 * static_cast<double>(of_batch % 5))
      .clamp(-1, 1)
      .to(at::kFloat);
}

class ImageRunner : public FakeRunner {
 public:
  ImageRunner(Script& script, FakeClock& clock, double darker)
      : FakeRunner(script, clock), by_batch_(script.facts.decides == "batch"), darker_(darker) {}
  Batch run(const std::vector<int64_t>& samples) override {
    auto batch = FakeRunner::run(samples);
    const bool nan = batch.samples.isnan().any().item<bool>();
    std::vector<at::Tensor> images;
    for (const int64_t sample : samples) {
      const auto of_batch = static_cast<int64_t>(samples.size()) + samples.front();
      images.push_back(image_of(sample, by_batch_ ? of_batch : 0, darker_));
    }
    batch.samples = at::stack(images);
    if (nan) {
      batch.samples.fill_(std::numeric_limits<float>::quiet_NaN());
    }
    batch.images = batch.samples;
    return batch;
  }

 private:
  bool by_batch_;
  double darker_;
};

constexpr const char* kJudgedSuite = R"(
name = "judged"
seed = 5
[run]
batch = [4, 8]
[[method]]
name = "full"
[[method]]
name = "fixed_exit"
exit = 7
[[method]]
name = "null"
[[solver]]
name = "ddim"
grid = "trailing"
steps = [4]
[quality]
samples = 45
shard = 11
batch = 3
images = 2
)";

class JudgeTest : public ::testing::Test {
 protected:
  JudgeTest() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    stem_ = ::testing::TempDir() + "judge_" + test->name() + "_" + std::to_string(getpid());
    for (const char* name : {"full", "fixed_exit", "null"}) {
      scripts_[name];
    }
    std::vector<at::Tensor> images;
    for (int64_t sample = 100; sample < 200; ++sample) {
      images.push_back(image_of(sample, 0, 0.05));
    }
    const auto bytes = to_uint8(at::stack(images), ImageSpec{});
    const auto features = bytes.to(at::kFloat).mean({2, 3});
    const auto gaussian = quality::gaussian_of(features);
    data::write_npz(stem_ + ".npz", {{"mu", to_raw(gaussian.mean)},
                                     {"sigma", to_raw(gaussian.covariance)},
                                     {"features", to_raw(features)},
                                     {"labels", to_raw(at::arange(100) % 2)}});
  }
  ~JudgeTest() override {
    std::filesystem::remove(stem_ + ".npz");
    std::filesystem::remove(stem_ + ".db");
  }

  // judges in a process of its own; a second one over the same file resumes
  std::unique_ptr<Session> judge(std::vector<std::string> overrides = {}, bool resume = false) {
    overrides.push_back("quality.extractor=" DIFFBENCH_TESTS_DIR "/harness/quality/features_only.pt");
    overrides.push_back("quality.reference=" + stem_ + ".npz");
    const auto suite = suite::parse_suite_text(kJudgedSuite, "fake.toml", overrides);
    auto session = std::make_unique<Session>(
        world_, suite, suite::plan(suite),
        [this](const suite::Cell& cell) {
          return std::make_unique<ImageRunner>(scripts_[cell.label], clock_, cell.label == "full" ? 0.1 : 0.2);
        },
        clock_);
    auto tools = load_quality_tools(suite, at::kCPU);
    session->open({.database = stem_ + ".db",
                   .command_line = {"diffbench", "run"},
                   .identity = "judged",
                   .quality_files = tools->files(),
                   .resume = resume});
    prepare_cells(*session);
    before_judging_(*session);
    judge_cells(*session, tools);
    return session;
  }

  // "a|b" by row of rank 0's file; empty elsewhere
  static std::vector<std::string> rows(Session& session, const std::string& sql) {
    std::vector<std::string> found;
    if (auto* store = session.writer.store()) {
      SQLite::Statement statement(store->database(), sql);
      while (statement.executeStep()) {
        std::string row;
        for (int i = 0; i < statement.getColumnCount(); ++i) {
          row += (i == 0 ? "" : "|") + statement.getColumn(i).getString();
        }
        found.push_back(row);
      }
    }
    return found;
  }

  ranks::Communicator world_;
  FakeClock clock_;
  std::map<std::string, Script> scripts_;
  std::string stem_;
  std::function<void(Session&)> before_judging_ = [](Session&) {};
};

constexpr const char* kQuality =
    "SELECT method, batch, metric, quality.n, rule, low < value AND value < high FROM quality JOIN cell ON cell.id = "
    "cell "
    "WHERE run = (SELECT max(id) FROM run) ORDER BY cell.id, metric";

TEST_F(JudgeTest, EveryCellHasItsFidAndMethodsTheirPairedDifference) {
  const auto session = judge();
  if (session->writer.store() == nullptr) {
    return;
  }
  const std::string alone = "|45|jackknife over 20 groups of samples, Student t|1";
  const std::string paired = "|45|paired jackknife over 20 groups of samples, Student t|1";
  EXPECT_THAT(rows(*session, kQuality),
              ElementsAre("full|4|fid" + alone, "fixed_exit|4|fid" + alone, "fixed_exit|4|fid_difference" + paired,
                          "full|8|fid" + alone, "fixed_exit|8|fid" + alone, "fixed_exit|8|fid_difference" + paired));
  // a darker method is further from the reference, by just the difference of the two FIDs
  EXPECT_THAT(rows(*session,
                   "SELECT gap.value > 0, abs(gap.value - (ours.value - theirs.value)) < 1e-9 FROM cell "
                   "JOIN quality gap ON gap.cell = cell.id AND gap.metric = 'fid_difference' "
                   "JOIN quality ours ON ours.cell = cell.id AND ours.metric = 'fid' "
                   "JOIN quality theirs ON theirs.cell = baseline_cell AND theirs.metric = 'fid'"),
              ElementsAre("1|1", "1|1"));
  EXPECT_THAT(rows(*session,
                   "SELECT count(DISTINCT sample_checksum), min(length(sha256)) FROM quality JOIN cell ON cell.id = "
                   "quality.cell JOIN extractor ON extractor.run = cell.run AND place = quality.extractor"),
              ElementsAre("2|64"));
}

TEST_F(JudgeTest, RowsAreThoseOfTheSamplesInOrder) {
  const auto session = judge();
  auto* store = session->writer.store();
  if (store == nullptr) {
    return;
  }
  int64_t next = 0;
  for (const auto& row : store->feature_shards(session->cells[0].id, 1)) {
    EXPECT_EQ(row.first_sample, next);
    const auto features = store->shard_numbers(row.cell, 1, row.shard, results::ShardNumbers::kFeatures);
    for (int64_t i = 0; i < row.sample_count; ++i, ++next) {
      const auto bytes = to_uint8(image_of(next, 0, 0.1).unsqueeze(0), ImageSpec{});
      const auto expected = bytes.to(at::kFloat).mean({2, 3});
      EXPECT_FLOAT_EQ(features[static_cast<size_t>(3 * i)], expected[0][0].item<float>()) << next;
    }
  }
  EXPECT_EQ(next, 45);
  EXPECT_THAT(rows(*session, "SELECT count(*), count(DISTINCT cell) FROM feature_shard"), ElementsAre("10|2"));
  EXPECT_THAT(rows(*session, "SELECT count(*) FROM sample"), ElementsAre("4"));  // 2 of each judgement
}

TEST_F(JudgeTest, BatchesAndShardsDoNotChangeTheResult) {
  constexpr const char* kValues =
      "SELECT cell.key, metric, printf('%.7g', value), printf('%.7g', low), sample_checksum FROM quality "
      "JOIN cell ON cell.id = cell WHERE run = (SELECT max(id) FROM run) ORDER BY 1, 2";
  const auto first = rows(*judge(), kValues);
  for (const auto& overrides : std::vector<std::vector<std::string>>{
           {"quality.batch=7"}, {"quality.shard=44"}, {"quality.shard=1", "quality.batch=2"}}) {
    EXPECT_EQ(rows(*judge(overrides), kValues), first) << overrides[0];  // 44: a last piece of one sample
  }
}

TEST_F(JudgeTest, BatchWideDecisionsAreJudgedAtTheBatchThatWasTimed) {
  scripts_["fixed_exit"].facts.decides = "batch";
  const auto session = judge();
  for (const auto& samples : scripts_["fixed_exit"].samples_of_run) {
    EXPECT_TRUE(samples.size() == 4 || samples.size() == 8);
    EXPECT_EQ(samples.front() % static_cast<int64_t>(samples.size()), 0);
  }
  const auto other = judge({"quality.shard=30", "quality.batch=9"});  // on every rank, before rank 0 looks alone
  if (session->writer.store() == nullptr) {
    return;
  }
  // one judgement per batch; shards of 11 became whole batches: 12 and 16
  EXPECT_THAT(
      rows(*session,
           "SELECT method, batch, max(sample_count), sum(sample_count) FROM feature_shard JOIN cell ON cell.id = "
           "cell WHERE run = 1 GROUP BY cell ORDER BY cell"),
      ElementsAre("full|4|11|45", "fixed_exit|4|12|45", "fixed_exit|8|16|45"));
  EXPECT_THAT(rows(*session,
                   "SELECT count(DISTINCT sample_checksum) FROM quality JOIN cell ON cell.id = cell WHERE "
                   "run = 1 AND method = 'fixed_exit'"),
              ElementsAre("2"));
  const auto first = rows(
      *session, "SELECT batch, sample_checksum FROM quality JOIN cell ON cell.id = cell WHERE run = 1 ORDER BY 1, 2");
  EXPECT_EQ(rows(*other,
                 "SELECT batch, sample_checksum FROM quality JOIN cell ON cell.id = cell WHERE run = 2 ORDER BY "
                 "1, 2"),
            first);
}

TEST_F(JudgeTest, ACellWhoseBaselineFailedHasNoDifference) {
  scripts_["full"].gives_nan = [](int) { return true; };
  const auto session = judge();
  for (const auto& state : session->cells) {
    EXPECT_EQ(state.is_alive(), state.cell.method != "full") << state.cell.key;
  }
  EXPECT_EQ(session->cells[0].reason, "quality: samples are not finite");
  if (session->writer.store() != nullptr) {
    EXPECT_THAT(rows(*session, "SELECT DISTINCT metric FROM quality"), ElementsAre("fid"));
    EXPECT_THAT(rows(*session, "SELECT count(*) FROM cell WHERE status = 'failed'"), ElementsAre("2"));
  }
}

// full/8 makes the samples of full/4, so there is something to compare with; but full/4 itself did not come through
TEST_F(JudgeTest, ABaselineThatFailedWhileItWasTimedCountsAsFailed) {
  before_judging_ = [](Session& session) { session.fail_cell(session.cells[0], "timing: out of memory"); };
  const auto session = judge();
  ASSERT_EQ(session->cells[0].cell.method, "full");
  if (session->writer.store() != nullptr) {
    EXPECT_THAT(
        rows(*session, "SELECT method, batch, metric FROM quality JOIN cell ON cell.id = cell ORDER BY cell, metric"),
        ElementsAre("fixed_exit|4|fid", "full|8|fid", "fixed_exit|8|fid", "fixed_exit|8|fid_difference"));
  }
}

TEST_F(JudgeTest, AFaultOnOneRankFailsTheCellsOfTheJudgementAlone) {
  scripts_["fixed_exit"].before_run = [this](int run) {
    if (run == 1 && world_.rank() == world_.size() - 1) {
      throw std::runtime_error("out of memory");
    }
  };
  const auto session = judge();
  for (const auto& state : session->cells) {
    EXPECT_EQ(state.is_alive(), state.cell.method != "fixed_exit") << state.cell.key;
  }
  EXPECT_EQ(session->cells[1].reason, "quality: out of memory");
}

TEST_F(JudgeTest, AResumedRunMakesTheMissingShardsAlone) {
  const auto whole = judge({"quality.samples=45"});
  constexpr const char* kValues =
      "SELECT cell.key, metric, value, low, sample_checksum FROM quality JOIN cell ON cell.id = "
      "cell WHERE run = 1 ORDER BY 1, 2";
  const auto values = rows(*whole, kValues);
  if (auto* store = whole->writer.store()) {
    store->database().exec("DELETE FROM feature_shard WHERE shard = 2");
    store->database().exec("DELETE FROM quality");
  }
  for (auto& [label, script] : scripts_) {
    script.samples_of_run.clear();
  }
  const auto resumed = judge({}, true);
  EXPECT_EQ(rows(*resumed, kValues), values);
  for (const auto& samples : scripts_["full"].samples_of_run) {
    EXPECT_TRUE(samples.front() >= 22 && samples.back() < 33);
  }
  EXPECT_THAT(scripts_["null"].samples_of_run, IsEmpty());
}

TEST_F(JudgeTest, FewSamplesHaveAValueAndNoInterval) {
  const auto session = judge({"quality.samples=13"});
  if (session->writer.store() != nullptr) {
    EXPECT_THAT(rows(*session, "SELECT DISTINCT metric, low IS NULL, rule FROM quality ORDER BY 1"),
                ElementsAre("fid|1|none: 13 samples, an interval needs 2 in each of 20 groups",
                            "fid_difference|1|none: 13 samples, an interval needs 2 in each of 20 groups"));
  }
}

TEST_F(JudgeTest, AReferenceOfAnotherWidthFailsTheCells) {
  quality::write_statistics(stem_ + ".npz", quality::gaussian_of(at::rand({20, 4})));
  const auto session = judge();
  EXPECT_THAT(session->cells[0].reason, HasSubstr("expected rows of width 4"));
}

TEST_F(JudgeTest, EveryMetricOfTheSuiteHasItsValueAndItsDifference) {
  const auto session = judge({"quality.metrics=[\"kid\", \"prc\", \"psnr\", \"rmse\"]"});
  const auto finished = [&] { keep_as_asked(*session); };
  if (session->writer.store() == nullptr) return finished();
  // pixels are of no network; `full` is compared with nothing
  EXPECT_THAT(
      rows(*session,
           "SELECT method, metric, extractor FROM quality JOIN cell ON cell.id = cell WHERE batch = 4 ORDER BY "
           "cell, metric"),
      ElementsAre("full|kid|1", "full|precision|1", "full|recall|1", "fixed_exit|kid|1", "fixed_exit|kid_difference|1",
                  "fixed_exit|precision|1", "fixed_exit|precision_difference|1", "fixed_exit|psnr|0",
                  "fixed_exit|recall|1", "fixed_exit|recall_difference|1", "fixed_exit|rmse|0"));
  // 0.1 of the range [-1, 1] darker wherever nothing is clipped
  const auto rmse = std::stod(rows(*session, "SELECT avg(value) FROM quality WHERE metric = 'rmse'").at(0));
  EXPECT_NEAR(rmse, 0.1 * 127.5, 1.5);
  EXPECT_THAT(rows(*session, "SELECT count(*) > 0 FROM image_shard"), ElementsAre("1"));
  finished();
  EXPECT_THAT(rows(*session, "SELECT count(*) FROM image_shard"), ElementsAre("0"));
}

TEST_F(JudgeTest, LaterMetricsAreThoseOfTheRunItself) {
  const auto together = judge({"quality.metrics=[\"fid\", \"kid\"]"});
  const auto first = judge({"quality.metrics=[\"fid\"]"});
  auto* store = first->writer.store();
  if (store == nullptr) return;
  std::vector<ReferenceFile> references;
  references.push_back(load_reference(1, stem_ + ".npz"));
  EXPECT_THAT(judge_stored(*store, first->run_id, {quality::find_metrics({"kid"}, "--metrics"), references}),
              IsEmpty());
  constexpr const char* kValues =
      "SELECT key, metric, printf('%.12g %.12g', value, low) FROM quality JOIN cell ON cell.id = cell WHERE run = ";
  EXPECT_EQ(rows(*first, kValues + std::to_string(first->run_id) + " ORDER BY 1, 2"),
            rows(*first, kValues + std::to_string(together->run_id) + " ORDER BY 1, 2"));
  EXPECT_THAT(judge_stored(*store, first->run_id, {quality::find_metrics({"psnr"}, "--metrics"), references}),
              ::testing::Contains(::testing::Pair(::testing::_, HasSubstr("psnr: "))));
}

TEST_F(JudgeTest, StatisticsInPlaceOfRowsGiveTheSameFid) {
  const auto session = judge({"quality.keep=statistics"});
  keep_as_asked(*session);
  auto* store = session->writer.store();
  if (store == nullptr) return;
  constexpr const char* kFids =
      "SELECT key, printf('%.9g', value) FROM quality JOIN cell ON cell.id = cell WHERE metric = 'fid' ORDER BY 1";
  const auto before = rows(*session, kFids);
  EXPECT_THAT(rows(*session, "SELECT count(*), (SELECT count(*) FROM feature_statistics) FROM feature_shard"),
              ElementsAre("0|2"));
  std::vector<ReferenceFile> references;
  references.push_back(load_reference(1, stem_ + ".npz"));
  EXPECT_THAT(judge_stored(*store, session->run_id, {quality::find_metrics({"fid"}, "--metrics"), references}),
              IsEmpty());
  EXPECT_EQ(rows(*session, kFids), before);
}

TEST_F(JudgeTest, AClassOfOneSampleIsNoFault) {
  for (auto& [label, script] : scripts_) script.classes = 10;
  const auto session = judge({"quality.metrics=[\"kid\"]", "quality.samples=13"});
  EXPECT_TRUE(session->cells[0].is_alive()) << session->cells[0].reason;
  if (session->writer.store() == nullptr) return;
  EXPECT_THAT(rows(*session, "SELECT count(*) FROM quality WHERE metric = 'kid'"), ElementsAre("4"));
}

TEST_F(JudgeTest, ClassesAreJudgedApart) {
  for (auto& [label, script] : scripts_) script.classes = 2;
  const auto session = judge({"quality.metrics=[\"kid\", \"rmse\"]"});
  if (session->writer.store() == nullptr) return;
  EXPECT_THAT(rows(*session,
                   "SELECT method, metric, label, quality_class.n FROM quality_class JOIN cell ON cell.id = cell WHERE "
                   "batch = 4 ORDER BY cell, metric, label"),
              ElementsAre("full|kid|0|23", "full|kid|1|22", "fixed_exit|kid|0|23", "fixed_exit|kid|1|22",
                          "fixed_exit|rmse|0|23", "fixed_exit|rmse|1|22"));
}

}  // namespace
}  // namespace diffbench::measure
