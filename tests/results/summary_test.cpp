// The views and summarize() on an example computed by hand.
#include "results/summary.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>

#include "results/estimates.h"
#include "tests/results/example.h"

namespace diffbench::results {
namespace {

using ::testing::DoubleEq;
using ::testing::Optional;

// Two ranks of 5 samples each, so 10 samples a repetition. Time per sample, ns:
//   round   full                     exit                          ratio
//   0       max(100, 110) / 10 = 11  max(50, 55) / 10   = 5.5      2
//   1       max(100,  90) / 10 = 10  max(40, 30) / 10   = 4        2.5
//   2       max(130, 120) / 10 = 13  max(130, 100) / 10 = 13       1
struct HandExample : Example {
  std::vector<std::int64_t> ids = store.add_cells(
      run, std::vector{example_cell("exit", CellRole::kMethod, 2, "full"), example_cell("full", CellRole::kBaseline, 2),
                       example_cell("null", CellRole::kNull, 2, "full"),
                       example_cell("broken", CellRole::kMethod, 2, "full")});
  std::int64_t exit = ids[0];
  std::int64_t full = ids[1];
  std::int64_t null = ids[2];
  std::int64_t broken = ids[3];

  HandExample() {
    time(full, 0, 0, {100, 110});
    time(full, 1, 0, {100, 90});
    time(full, 2, 0, {130, 120});
    time(exit, 0, 0, {50, 55});
    time(exit, 1, 0, {40, 30});
    time(exit, 2, 0, {130, 100});
    time(null, 0, 0, {11, 10});
    time(broken, 0, 0, {1, 1});
    // neither a repetition with one throttled rank nor one with a missing rank counts: the rest would look too fast
    store.add_timings(
        std::vector<TimingRow>{{.cell = exit, .round = 2, .repetition = 1, .rank = 0, .duration_ns = 1, .samples = 5},
                               {.cell = exit,
                                .round = 2,
                                .repetition = 1,
                                .rank = 1,
                                .duration_ns = 900,
                                .samples = 5,
                                .discard_reason = "throttled"},
                               {.cell = exit, .round = 3, .repetition = 0, .rank = 0, .duration_ns = 1, .samples = 5}});
    store.put_trace(
        exit,
        {.block_count = 10,
         .flops_full = 1000,
         .samples = 20,
         .evaluations = {
             {.evaluation = 0, .t = 999, .rows = 10, .blocks_executed = 40, .flops = 4000},
             {.evaluation = 1, .t = 500, .rows = 30, .blocks_executed = 240, .flops = 1000, .probe_flops = 100}}});
    store.put_trace(full, {.block_count = 10,
                           .flops_full = 1000,
                           .samples = 10,
                           .evaluations = {{.rows = 10, .blocks_executed = 100, .flops = 10000}}});
    store.put_quality({.cell = full, .metric = "fid", .value = 5, .low = 4, .high = 6, .n = 100});
    store.put_quality({.cell = exit, .metric = "fid", .value = 7, .n = 100, .sample_checksum = "1f"});
    store.put_quality({.cell = broken, .metric = "fid", .value = 1, .n = 100});
    for (const std::int64_t cell : {exit, full, null}) store.set_cell_status(cell, CellStatus::kOk);
    store.set_cell_status(broken, CellStatus::kFailed, "differs from full");
    store_estimates(store, run);
  }
};

TEST(Views, RoundsTakeTheSlowestRankAndAllSamples) {
  const HandExample example;
  SQLite::Statement rounds(example.store.database(),
                           "SELECT round, repetitions, duration_ns, samples, ns_per_sample FROM cell_round "
                           "WHERE cell = ? AND round = 0");
  rounds.bind(1, example.full);
  ASSERT_TRUE(rounds.executeStep());
  EXPECT_EQ(rounds.getColumn(1).getInt(), 1);
  EXPECT_EQ(rounds.getColumn(2).getInt64(), 110);
  EXPECT_EQ(rounds.getColumn(3).getInt64(), 10);
  EXPECT_DOUBLE_EQ(rounds.getColumn(4).getDouble(), 11);
}

TEST(Views, RoundsWithoutAWholeRepetitionDoNotCount) {
  const HandExample example;
  SQLite::Statement rounds(example.store.database(), "SELECT count(*), max(round) FROM cell_round WHERE cell = ?");
  rounds.bind(1, example.exit);
  ASSERT_TRUE(rounds.executeStep());
  EXPECT_EQ(rounds.getColumn(0).getInt(), 3);
  EXPECT_EQ(rounds.getColumn(1).getInt(), 2);
}

TEST(Views, CountsOfWhatWasTimed) {
  Example example;
  const std::int64_t cell = example.add(example_cell("full"));
  for (int repetition = 0; const int duration_ns : {40, 10, 30, 20}) example.time(cell, 0, repetition++, {duration_ns});
  example.store.add_timings(std::vector<TimingRow>{
      {.cell = cell, .round = 1, .duration_ns = 9, .samples = 5, .disturbance = "another process on our cores"},
      {.cell = cell, .round = 2, .duration_ns = 9, .samples = 5, .discard_reason = "x", .disturbance = "throttled"}});
  const auto value = [&](const char* sql) { return example.store.database().execAndGet(sql).getString(); };
  EXPECT_EQ(value("SELECT repetitions || ' ' || rounds || ' ' || samples_seen || ' ' || disturbed_repetitions "
                  "FROM cell_timing"),
            "5 2 25 1");
  EXPECT_EQ(value("SELECT disturbance || repetitions FROM cell_disturbance"), "another process on our cores1");
  EXPECT_EQ(value("SELECT ns_per_sample FROM cell_round WHERE round = 0"), "5.0");
}

TEST(Views, EvaluationMeansAreWithoutProbes) {
  const HandExample example;
  EXPECT_EQ(
      example.store.database()
          .execAndGet("SELECT blocks_executed_mean || ' ' || flops_per_row || ' ' || round(probe_flops_per_row, 3) "
                      "FROM evaluation_mean WHERE rows = 30")
          .getString(),
      "8.0 30.0 3.333");
}

TEST(Views, SummaryHoldsWhatTheEstimatesSay) {
  HandExample example;
  example.store.put_estimates(
      example.run,
      std::vector<EstimateRow>{
          {.cell = example.exit, .metric = "latency", .value = 7, .low = 6, .high = 9, .n = 12, .rule = "x"},
          {.cell = example.broken, .metric = "latency", .value = 1, .n = 1, .rule = "x"}});
  const auto value = [&](const std::string& key) {
    return example.store.database()
        .execAndGet(
            "SELECT latency_ns || ' ' || latency_ns_low || ' ' || latency_ns_high || ' ' || latency_ns_n FROM "
            "cell_summary WHERE key = '" +
            key + "'")
        .getString();
  };
  EXPECT_EQ(value("exit"), "7.0 6.0 9.0 12");
  EXPECT_EQ(value("broken"), "") << "it failed";
  EXPECT_EQ(value("full"), "") << "the earlier estimates are gone";
}

TEST(Summary, ASmallerNetworkIsComparedWithTheBaselinesFlops) {
  HandExample example;
  // the method on a network of its own, every block of which runs
  example.store.database().exec("UPDATE cell SET flops_full = 250 WHERE key = 'exit'");
  store_estimates(example.store, example.run);
  EXPECT_THAT(summarize(example.store, example.run).at(0).value("theoretical_speedup"), Optional(DoubleEq(4)));
}

TEST(Summary, MethodIsPairedWithItsBaseline) {
  const HandExample example;
  const CellSummary exit = summarize(example.store, example.run).at(0);
  EXPECT_EQ(exit.cell, example.exit);
  EXPECT_EQ(exit.row.key, "exit");
  EXPECT_EQ(exit.repetitions, 3);
  EXPECT_EQ(exit.samples_seen, 30);
  EXPECT_THAT(exit.value("latency"), Optional(DoubleEq(55)));
  EXPECT_THAT(exit.value("throughput"), Optional(DoubleEq(1e9 / 5.5)));
  EXPECT_THAT(exit.value("speedup"), Optional(DoubleEq(2)));  // of the ratios, not the ratio of the medians 11 / 5.5
  EXPECT_THAT(exit.value("theoretical_speedup"), Optional(DoubleEq(4)));
  EXPECT_THAT(exit.value("flops_per_sample"), Optional(DoubleEq(250)));
  EXPECT_THAT(exit.value("realised_fraction"), Optional(DoubleEq(1.0 / 3)));
  EXPECT_THAT(exit.value("blocks_ratio"), Optional(DoubleEq((10 * 4 + 30 * 8) / 400.0)));
  EXPECT_THAT(exit.value("null_overhead"), Optional(DoubleEq(1.1 / 5.5)));
  EXPECT_THAT(exit.value("fid"), Optional(DoubleEq(7)));
  EXPECT_FALSE(exit.find("fid")->interval);
  EXPECT_EQ(exit.find("fid")->n, 100);
  EXPECT_EQ(exit.sample_checksum, "1f");
  for (const char* metric : {"latency", "throughput", "speedup", "realised_fraction"}) {
    EXPECT_FALSE(exit.find(metric)->interval) << metric << ": three rounds are too few";
    EXPECT_EQ(exit.find(metric)->n, 3) << metric;
  }
}

TEST(Summary, BaselineHasSpeedupOneAndNoRealisedFraction) {
  const HandExample example;
  const CellSummary full = summarize(example.store, example.run).at(1);
  EXPECT_THAT(full.value("speedup"), Optional(DoubleEq(1)));
  EXPECT_FALSE(full.find("speedup")->interval);
  EXPECT_THAT(full.value("theoretical_speedup"), Optional(DoubleEq(1)));
  EXPECT_FALSE(full.value("realised_fraction"));
  EXPECT_THAT(full.value("null_overhead"), Optional(DoubleEq(0.1)));
  ASSERT_TRUE(full.find("fid")->interval);
  EXPECT_DOUBLE_EQ(full.find("fid")->interval->low, 4);
}

TEST(Summary, NullMethodHasTimesButNoSpeedup) {
  const HandExample example;
  const CellSummary null = summarize(example.store, example.run).at(2);
  EXPECT_EQ(null.row.role, CellRole::kNull);
  EXPECT_THAT(null.value("latency"), Optional(DoubleEq(11)));
  for (const char* metric : {"speedup", "theoretical_speedup", "null_overhead"}) EXPECT_FALSE(null.value(metric));
  EXPECT_FALSE(null.on_pareto_front);
}

TEST(Summary, FailedCellIsThereWithoutNumbers) {
  const HandExample example;
  const CellSummary broken = summarize(example.store, example.run).at(3);
  EXPECT_EQ(broken.status, CellStatus::kFailed);
  EXPECT_EQ(broken.reason, "differs from full");
  EXPECT_THAT(broken.estimates, ::testing::IsEmpty());
  EXPECT_FALSE(broken.on_pareto_front);
}

TEST(Summary, BaselineThatFailedGivesNoSpeedup) {
  HandExample example;
  example.store.set_cell_status(example.full, CellStatus::kFailed, "not finite");
  store_estimates(example.store, example.run);
  const CellSummary exit = summarize(example.store, example.run).at(0);
  EXPECT_THAT(exit.value("latency"), Optional(DoubleEq(55)));
  EXPECT_FALSE(exit.value("speedup"));
  EXPECT_FALSE(exit.value("realised_fraction"));
}

TEST(Summary, DisturbancesAreCountedByKind) {
  HandExample example;
  const auto add = [&](int round, std::optional<std::string> first, std::optional<std::string> second) {
    example.store.add_timings(std::vector<TimingRow>{
        {.cell = example.exit, .round = round, .rank = 0, .duration_ns = 9, .samples = 5, .disturbance = first},
        {.cell = example.exit, .round = round, .rank = 1, .duration_ns = 9, .samples = 5, .disturbance = second}});
  };
  add(10, "steal time 3.5 % of it", "steal time 12 % of it");
  add(11, std::nullopt, "steal time 4.0 % of it");
  add(12, "clock throttled", "700 page faults, usual are 3");
  const CellSummary exit = summarize(example.store, example.run).at(0);
  EXPECT_THAT(exit.disturbances, ::testing::ElementsAre(::testing::Pair("... page faults, usual are ...", 1),
                                                        ::testing::Pair("clock throttled", 1),
                                                        ::testing::Pair("steal time ... % of it", 2)));
  EXPECT_EQ(exit.disturbed_repetitions, 3);
}

TEST(Summary, SaysWhetherTheWarmupConverged) {
  HandExample example;
  const auto warmed = [&] { return summarize(example.store, example.run).at(0); };
  EXPECT_FALSE(warmed().warmup_converged) << "unknown";
  example.store.add_warmup(example.exit, {.durations_ns = {9, 8}, .converged = true, .reason = "windows_agree"});
  example.store.add_warmup(example.exit, {.pass = Pass::kProfile, .durations_ns = {9}, .reason = "max_seconds"});
  EXPECT_THAT(warmed().warmup_converged, Optional(true)) << "another pass says nothing of the timing";
  example.store.add_warmup(example.exit, {.durations_ns = {7}, .converged = false, .reason = "max_seconds"});
  EXPECT_THAT(warmed().warmup_converged, Optional(false)) << "after a resume";
  EXPECT_EQ(warmed().warmup_repetitions, 3);
}

TEST(Summary, UnknownRunIsAnError) {
  const Example example;
  EXPECT_THROW(summarize(example.store, example.run + 1), DatabaseError);
}

// name, time, FID, N: who is on the front
struct Point {
  const char* key;
  std::int64_t duration_ns;
  double fid;
  std::int64_t n;
  bool on_front;
};

TEST(Pareto, HoldsCellsThatNoneBeatsInBoth) {
  Example example;
  const std::vector<Point> points = {{"best_quality", 100, 5, 100, true},
                                     {"fastest", 20, 9, 100, true},
                                     {"between", 50, 7, 100, true},
                                     {"slower_and_worse", 60, 8, 100, false},
                                     {"equally_fast_but_worse", 50, 7.5, 100, false},
                                     {"twin_of_between", 50, 7, 100, true},
                                     {"other_n", 500, 50, 10, true}};
  for (const Point& point : points) {
    const std::int64_t cell = example.add(example_cell(point.key));
    example.time(cell, 0, 0, {point.duration_ns});
    example.store.put_quality({.cell = cell, .metric = "fid", .value = point.fid, .n = point.n});
    example.store.set_cell_status(cell, CellStatus::kOk);
  }
  store_estimates(example.store, example.run);
  const std::vector<CellSummary> summaries = summarize(example.store, example.run);
  for (std::size_t i = 0; i < points.size(); ++i) {
    EXPECT_EQ(summaries[i].on_pareto_front, points[i].on_front) << points[i].key;
  }
}

TEST(Pareto, RunsDoNotCompete) {
  Example example;
  for (const std::int64_t run : {example.run, example.store.begin_run(example_run())}) {
    const std::int64_t cell = example.store.add_cells(run, std::vector{example_cell("full")}).front();
    example.time(cell, 0, 0, {100 * run});
    example.store.put_quality({.cell = cell, .metric = "fid", .value = 5, .n = 100});
    example.store.set_cell_status(cell, CellStatus::kOk);
    store_estimates(example.store, run);
    EXPECT_TRUE(summarize(example.store, run).at(0).on_pareto_front);
  }
}

}  // namespace
}  // namespace diffbench::results
