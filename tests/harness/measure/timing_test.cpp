// The rules for warm-up, rounds, stopping and failing, on made-up durations. Runs alone and under mpirun on 2 ranks.

#include <gmock/gmock.h>

#include <set>

#include "harness/measure/check.h"
#include "harness/measure/preparation.h"
#include "harness/measure/round_plan.h"
#include "harness/measure/rounds.h"
#include "methods/config/input_error.h"
#include "results/sql.h"
#include "tests/harness/measure/fakes.h"

namespace diffbench::measure {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Process;
using testing::Script;
using ::testing::SizeIs;

class TimingTest : public ::testing::Test {
 protected:
  TimingTest() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    database_ = ::testing::TempDir() + "measure_" + test->name() + "_" + std::to_string(getpid()) + ".db";
    std::filesystem::remove(database_);
  }
  ~TimingTest() override { std::filesystem::remove(database_); }

  SessionOptions options(bool resume = false) const {
    return {.database = database_, .command_line = {"diffbench", "run"}, .identity = "made up", .resume = resume};
  }

  // everything but quality; whether all cells are ok
  bool run_all(Process& process, bool resume = false) {
    auto& session = process.session();
    session.open(options(resume));
    prepare_cells(session);
    check_cells(session);
    time_cells(session);
    return session.finish();
  }

  // of rank 0's file; an empty list on other ranks
  template <typename T>
  std::vector<T> column(Process& process, const std::string& sql) {
    std::vector<T> values;
    if (auto* store = process.session().writer.store()) {
      SQLite::Statement statement(store->database(), sql);
      while (statement.executeStep()) {
        if constexpr (std::is_same_v<T, std::string>) {
          values.push_back(statement.getColumn(0).getString());
        } else {
          values.push_back(static_cast<T>(statement.getColumn(0).getInt64()));
        }
      }
    }
    return values;
  }

  std::map<std::string, Script> scripts_;
  std::string database_;
};

#define ON_RANK_ZERO(process) if ((process).world().rank() == 0)

TEST_F(TimingTest, WarmUpEndsWhenTwoWindowsAgreeAndIsNotCounted) {
  scripts_["full"].durations_ns = {100'000'000, 60'000'000, 20'000'000, 10'000'000, 10'000'000, 10'000'000, 10'000'000};
  Process process(scripts_);
  EXPECT_TRUE(run_all(process));
  ON_RANK_ZERO(process) {
    EXPECT_THAT(column<int64_t>(process,
                                "SELECT duration_ns FROM warmup JOIN cell ON cell.id = warmup.cell WHERE method = "
                                "'full' ORDER BY repetition"),
                ElementsAre(100'000'000, 60'000'000, 20'000'000, 10'000'000, 10'000'000, 10'000'000, 10'000'000));
    EXPECT_THAT(column<int>(process, "SELECT converged FROM warmup_end"), Each(1));
    EXPECT_THAT(column<std::string>(process, "SELECT reason FROM warmup_end"), Each("windows_agree"));
    EXPECT_THAT(column<int64_t>(process,
                                "SELECT max(duration_ns) FROM timing JOIN cell ON cell.id = timing.cell WHERE method = "
                                "'full'"),
                ElementsAre(10'000'000));
  }
}

TEST_F(TimingTest, WarmUpThatNeverAgreesEndsWithItsTimeAndSaysSo) {
  auto& durations = scripts_["full"].durations_ns;
  durations = {};
  for (int i = 0; i < 12; ++i) {  // every window of two is half as long as the one before: none agree
    durations.push_back(200'000'000 >> (i / 2));
  }
  Process process(scripts_, testing::kSuite, {"timing.warmup_max_seconds=0.6"});
  EXPECT_TRUE(run_all(process));
  ON_RANK_ZERO(process) {
    EXPECT_THAT(column<int>(process,
                            "SELECT converged FROM warmup_end JOIN cell ON cell.id = warmup_end.cell WHERE method = "
                            "'full'"),
                ElementsAre(0));
    EXPECT_THAT(column<std::string>(process,
                                    "SELECT warmup_end.reason FROM warmup_end JOIN cell ON cell.id = warmup_end.cell "
                                    "WHERE method = 'full'"),
                ElementsAre("max_seconds"));
    // 0.2 + 0.2 + 0.1 + 0.1 s is the budget
    EXPECT_THAT(
        column<int>(process, "SELECT count(*) FROM warmup JOIN cell ON cell.id = warmup.cell WHERE method = 'full'"),
        ElementsAre(4));
  }
}

TEST_F(TimingTest, StopsWhenTheMedianIsKnownWellEnough) {
  Process process(scripts_);
  EXPECT_TRUE(run_all(process));
  ON_RANK_ZERO(process) {
    EXPECT_THAT(column<std::string>(process, "SELECT stop_reason FROM cell"), Each("target_half_width"));
    // equal durations, and six of them give the first interval
    EXPECT_THAT(column<int>(process, "SELECT count(DISTINCT round) FROM timing GROUP BY cell"), ElementsAre(6, 6));
  }
}

TEST_F(TimingTest, StopsAfterTheLastRound) {
  scripts_["fixed_exit"].durations_ns = {10'000'000, 10'000'000, 10'000'000, 10'000'000, 50'000'000,
                                         10'000'000, 50'000'000, 10'000'000, 50'000'000, 10'000'000};
  Process process(scripts_);
  EXPECT_TRUE(run_all(process));
  ON_RANK_ZERO(process) {
    EXPECT_THAT(column<std::string>(process, "SELECT stop_reason FROM cell"), Each("max_rounds"));
    EXPECT_THAT(column<int>(process, "SELECT count(DISTINCT round) FROM timing GROUP BY cell"), ElementsAre(8, 8));
  }
}

TEST_F(TimingTest, StopsWhenTheTimeIsSpentButNotBeforeTwoRounds) {
  Process process(scripts_, testing::kSuite, {"timing.max_seconds=0.000001"});
  EXPECT_TRUE(run_all(process));
  ON_RANK_ZERO(process) {
    EXPECT_THAT(column<std::string>(process, "SELECT stop_reason FROM cell"), Each("max_seconds"));
    EXPECT_THAT(column<int>(process, "SELECT count(DISTINCT round) FROM timing GROUP BY cell"), ElementsAre(2, 2));
  }
}

TEST_F(TimingTest, EveryRoundTimesOtherSamplesAndBothMethodsTheSame) {
  Process process(scripts_);
  EXPECT_TRUE(run_all(process));
  const auto& full = scripts_["full"].samples_of_run;
  const auto& other = scripts_["fixed_exit"].samples_of_run;
  EXPECT_EQ(full, other);  // equal warm-ups here, so run i is the same repetition of both
  std::set<int64_t> seen;
  for (const auto& samples : full) {
    ASSERT_THAT(samples, SizeIs(4));
    for (const int64_t sample : samples) {
      EXPECT_TRUE(seen.insert(sample).second) << "sample " << sample << " twice";
    }
  }
  ON_RANK_ZERO(process) {
    EXPECT_THAT(column<int>(process, "SELECT samples_seen FROM cell_summary"), Each(6 * 4 * process.world().size()));
  }
}

TEST_F(TimingTest, TheTraceIsOfAllCountedRepetitionsAndOfNoOther) {
  scripts_["fixed_exit"].blocks_of = [](int64_t sample) { return 1 + sample % 13; };
  Process process(scripts_);
  EXPECT_TRUE(run_all(process));
  double blocks = 0.0;
  const auto& runs = scripts_["fixed_exit"].samples_of_run;
  for (size_t run = runs.size() - 6; run < runs.size(); ++run) {  // the counted ones come last
    for (const int64_t sample : runs[run]) {
      blocks += static_cast<double>(1 + sample % 13);
    }
  }
  ON_RANK_ZERO(process) {
    const auto id = column<int64_t>(process, "SELECT id FROM cell WHERE method = 'fixed_exit'").front();
    const auto trace = process.session().writer.store()->trace(id);
    ASSERT_TRUE(trace);
    EXPECT_EQ(trace->samples, 6 * 4 * process.world().size());
    ASSERT_THAT(trace->evaluations, SizeIs(1));
    EXPECT_EQ(trace->evaluations.front().rows, trace->samples);
    if (process.world().size() == 1) {
      EXPECT_DOUBLE_EQ(trace->evaluations.front().blocks_executed, blocks);
    }
    int64_t exits = 0;
    for (const auto& exit : trace->exit_counts) {
      exits += exit.rows;
    }
    EXPECT_EQ(exits, trace->samples);
  }
}

TEST_F(TimingTest, ARankThatFailsInTheMiddleEndsTheCellAndNotTheRun) {
  Process process(scripts_);
  const int failing = process.world().size() - 1;
  scripts_["fixed_exit"].before_run = [&](int run) {
    if (run == 6 && process.world().rank() == failing) {
      throw std::runtime_error("out of memory");
    }
  };
  EXPECT_FALSE(run_all(process));
  for (const auto& state : process.session().cells) {
    const bool failed = state.cell.method == "fixed_exit";
    EXPECT_EQ(state.status, failed ? results::CellStatus::kFailed : results::CellStatus::kOk);
    EXPECT_EQ(state.reason, failed ? "out of memory" : "");
  }
  ON_RANK_ZERO(process) {
    EXPECT_THAT(column<std::string>(process, "SELECT status FROM run"), ElementsAre("failed"));
    EXPECT_THAT(column<int>(process,
                            "SELECT count(DISTINCT round) FROM timing JOIN cell ON cell.id = timing.cell WHERE "
                            "method = 'full'"),
                ElementsAre(6));
    EXPECT_THAT(column<int>(process,
                            "SELECT count(*) FROM cell_summary WHERE method = 'fixed_exit' AND latency_ns IS "
                            "NOT NULL"),
                ElementsAre(0));
  }
}

// machines may differ in what they have; whoever cannot is named, and everybody goes the same way
TEST_F(TimingTest, WhatTheLastRankCannotRunIsSkippedByAll) {
  Process process(scripts_);
  const int last = process.world().size() - 1;
  if (process.world().rank() == last) scripts_["fixed_exit"].facts.missing = "runtime x: not here";
  EXPECT_TRUE(run_all(process));
  const auto& cells = process.session().cells;
  EXPECT_EQ(cells[0].status, results::CellStatus::kOk);
  EXPECT_EQ(cells[1].status, results::CellStatus::kSkipped);
  EXPECT_EQ(cells[1].reason, (last == 0 ? "" : "rank 1: ") + std::string("runtime x: not here"));
  EXPECT_EQ(scripts_["fixed_exit"].runs, 0);
  ON_RANK_ZERO(process) {
    EXPECT_THAT(column<std::string>(process, "SELECT reason FROM cell WHERE status = 'skipped'"),
                ElementsAre(cells[1].reason));
  }
}

TEST_F(TimingTest, TheSlowestRankIsTheTimeOfARepetition) {
  Process process(scripts_);
  const int64_t slowest = 10'000'000 * process.world().size();
  scripts_["full"].durations_ns = {10'000'000 *
                                   (process.world().size() - process.world().rank())};  // rank 0 is slowest
  EXPECT_TRUE(run_all(process));
  ON_RANK_ZERO(process) {
    EXPECT_THAT(column<int64_t>(process,
                                "SELECT duration_ns FROM warmup JOIN cell ON cell.id = warmup.cell WHERE method "
                                "= 'full'"),
                Each(slowest));
    EXPECT_THAT(column<int64_t>(process, "SELECT latency_ns FROM cell_summary WHERE method = 'full'"),
                ElementsAre(slowest));
  }
}

TEST_F(TimingTest, SamplesThatAreNotFiniteEndAsFailed) {
  scripts_["fixed_exit"].gives_nan = [](int run) { return run == 5; };
  Process process(scripts_);
  EXPECT_FALSE(run_all(process));
  EXPECT_EQ(process.session().cells[1].reason, "samples are not finite");
}

TEST_F(TimingTest, AViolatedCheckMeansThatNothingIsTimed) {
  scripts_["fixed_exit"].check_fault = "at its never-skip setting the samples differ from full by 0.5";
  Process process(scripts_);
  EXPECT_FALSE(run_all(process));
  EXPECT_EQ(process.session().cells[1].status, results::CellStatus::kFailed);
  EXPECT_EQ(process.session().cells[1].reason, scripts_["fixed_exit"].check_fault);
  EXPECT_EQ(scripts_["fixed_exit"].runs, 0);
  EXPECT_EQ(process.session().cells[0].status, results::CellStatus::kOk);
}

TEST_F(TimingTest, RanksShareTheChecks) {
  Process process(scripts_);
  EXPECT_TRUE(run_all(process));
  const int checks = scripts_["full"].checks + scripts_["fixed_exit"].checks;
  EXPECT_EQ(checks, process.world().size() == 1 ? 2 : 1);
}

TEST_F(TimingTest, DecisionsAreRankZerosAndComeBeforeTheFirstRun) {
  Process process(scripts_);
  auto& script = scripts_["fixed_exit"];
  script.measured = 100 + process.world().rank();
  script.before_run = [&](int) { EXPECT_EQ(script.used_decision, 100); };
  EXPECT_TRUE(run_all(process));
  EXPECT_EQ(script.measurements, 1);
  ON_RANK_ZERO(process) {
    const auto rows = column<std::string>(process,
                                          "SELECT decisions FROM preparation JOIN cell ON cell.id = "
                                          "preparation.cell WHERE method = 'fixed_exit'");
    EXPECT_THAT(rows, SizeIs(process.world().size()));
    EXPECT_THAT(rows, Each(R"({"decision":100})"));
    EXPECT_THAT(column<int64_t>(process, "SELECT duration_ns FROM preparation"), Each(5'000));
  }
}

TEST_F(TimingTest, AResumedRunGoesOnWithItsDecisionsWarmsAgainAndEndsLikeAWholeOne) {
  std::map<std::string, Script> whole_scripts;
  whole_scripts["fixed_exit"].blocks_of = scripts_["fixed_exit"].blocks_of = [](int64_t sample) { return sample % 14; };
  scripts_["fixed_exit"].measured = 7;
  {
    Process killed(scripts_);
    scripts_["full"].before_run = [&](int run) {
      if (run == 7) {  // the fourth counted one
        throw config::InputError("killed");
      }
    };
    killed.session().open(options());
    prepare_cells(killed.session());
    killed.session().suite.timing.max_rounds = 3;  // stands for a kill after three rounds
    time_cells(killed.session());
    killed.session().writer.write(
        [&](results::Store& store) { store.database().exec("UPDATE cell SET stop_reason = NULL"); });
  }
  for (auto& [label, script] : scripts_) {
    script.before_run = [](int) {};
    script.measured = 99;  // what it would come to now
    script.runs = 0;
  }
  Process resumed(scripts_);
  EXPECT_TRUE(run_all(resumed, true));
  EXPECT_EQ(scripts_["fixed_exit"].measurements, 1);
  EXPECT_EQ(scripts_["fixed_exit"].used_decision, resumed.world().rank() == 0 ? 7 : 7);
  ON_RANK_ZERO(resumed) {
    EXPECT_THAT(column<int>(resumed, "SELECT count(*) FROM timing GROUP BY cell"), Each(6 * resumed.world().size()));
    EXPECT_THAT(column<int>(resumed, "SELECT max(attempt) FROM warmup_end GROUP BY cell"), Each(1));
  }
  const std::string first = database_;
  database_ += ".whole";
  Process whole(whole_scripts);
  EXPECT_TRUE(run_all(whole));
  ON_RANK_ZERO(whole) {
    const auto id = column<int64_t>(whole, "SELECT id FROM cell WHERE method = 'fixed_exit'").front();
    const auto expected = *whole.session().writer.store()->trace(id);
    const auto got = *resumed.session().writer.store()->trace(id);
    EXPECT_EQ(got.samples, expected.samples);
    EXPECT_EQ(got.evaluations.front().blocks_executed, expected.evaluations.front().blocks_executed);
    ASSERT_EQ(got.exit_counts.size(), expected.exit_counts.size());
    for (size_t i = 0; i < got.exit_counts.size(); ++i) {
      EXPECT_EQ(got.exit_counts[i].rows, expected.exit_counts[i].rows);
    }
  }
  std::filesystem::remove(database_);
  database_ = first;
}

TEST_F(TimingTest, AResumeNamesTheFileThatHasChanged) {
  scripts_["fixed_exit"].facts.artifacts = {{.role = "gates", .path = "/a/heads.safetensors", .sha256 = "1111"}};
  {
    Process killed(scripts_);
    killed.session().open(options());
  }
  scripts_["fixed_exit"].facts.artifacts[0].sha256 = "2222";
  Process resumed(scripts_);
  try {
    resumed.session().open(options(true));
    FAIL() << "went on with other gates";
  } catch (const ranks::AgreedError& error) {
    EXPECT_EQ(error.failure.kind, ranks::FailureKind::kInput);
    EXPECT_THAT(error.what(), HasSubstr("gates /a/heads.safetensors has changed since the run began"));
  }
  scripts_["fixed_exit"].facts.artifacts[0].sha256 = "1111";
  scripts_["fixed_exit"].facts.method_params = {{"exit", 8}};
  Process other(scripts_);
  EXPECT_THROW(other.session().open(options(true)), ranks::AgreedError);
  scripts_["fixed_exit"].facts.method_params = nlohmann::json::object();
  Process same(scripts_);
  same.session().open(options(true));
  EXPECT_EQ(same.session().run_id, 1);
}

TEST_F(TimingTest, AFileThatCannotBeWrittenIsTheUsersMistake) {
  database_ = "/nowhere/at/all.db";
  Process process(scripts_);
  try {
    process.session().open(options());
    FAIL() << "opened it";
  } catch (const ranks::AgreedError& error) {
    EXPECT_EQ(error.failure.kind, ranks::FailureKind::kInput);
  }
}

}  // namespace
}  // namespace diffbench::measure
