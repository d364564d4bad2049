// What is computed of a run: values by hand, where an interval is and where none, and that a second time gives the
// same.
#include "results/estimates.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>

#include <map>

#include "results/metrics.h"
#include "results/statistics.h"
#include "tests/results/example.h"

namespace diffbench::results {
namespace {

std::map<std::string, EstimateRow> of_cell(const Store& store, std::int64_t run, std::int64_t cell) {
  std::map<std::string, EstimateRow> found;
  for (const EstimateRow& row : estimate_run(store, run)) {
    if (row.cell == cell) found.emplace(row.metric, row);
  }
  return found;
}

// Baseline and method over rounds of a machine that gets slower: ratios 2.0, 2.1, ... whatever the drift.
struct PairedExample : Example {
  std::int64_t full = add(example_cell("full", CellRole::kBaseline));
  std::int64_t exit = add(example_cell("exit", CellRole::kMethod, 1, "full"));

  explicit PairedExample(int rounds) {
    for (int round = 0; round < rounds; ++round) {
      const std::int64_t drift = 1000 * (1 + round);
      time(exit, round, 0, {10 * drift});
      time(full, round, 0, {(20 + round) * drift});
    }
    for (const std::int64_t cell : {full, exit}) {
      store.put_trace(cell, {.block_count = 10,
                             .flops_full = 100,
                             .samples = 5,
                             .evaluations = {{.rows = 5, .blocks_executed = 50, .flops = cell == full ? 500.0 : 125}}});
      store.set_cell_status(cell, CellStatus::kOk);
    }
  }
};

TEST(Estimates, ValuesFromOneRoundOnIntervalsFromSix) {
  for (int rounds = 1; rounds <= 7; ++rounds) {
    const PairedExample example(rounds);
    const auto found = of_cell(example.store, example.run, example.exit);
    for (const char* metric : {"latency", "throughput", "speedup", "realised_fraction"}) {
      ASSERT_TRUE(found.contains(metric)) << metric;
      EXPECT_EQ(found.at(metric).n, rounds) << metric;
      EXPECT_EQ(found.at(metric).low.has_value(), rounds >= 6) << metric << ", " << rounds << " rounds";
      EXPECT_EQ(found.at(metric).rule.starts_with(std::string("median: ") + std::string(kMedianRule)), rounds >= 6)
          << found.at(metric).rule;
    }
  }
}

TEST(Estimates, SpeedupIsOfThePairsAndCarriedIntoTheRealisedFraction) {
  const PairedExample example(7);
  const auto found = of_cell(example.store, example.run, example.exit);
  const std::vector<double> ratios = {2.0, 2.1, 2.2, 2.3, 2.4, 2.5, 2.6};
  const Interval expected = *median_interval(ratios);
  EXPECT_DOUBLE_EQ(found.at("speedup").value, 2.3);
  EXPECT_NEAR(*found.at("speedup").low, expected.low, 1e-12);
  EXPECT_NEAR(*found.at("speedup").high, expected.high, 1e-12);
  EXPECT_DOUBLE_EQ(found.at("theoretical_speedup").value, 4);
  EXPECT_FALSE(found.at("theoretical_speedup").low);
  EXPECT_NEAR(found.at("realised_fraction").value, 1.3 / 3, 1e-12);
  EXPECT_NEAR(*found.at("realised_fraction").low, (expected.low - 1) / 3, 1e-12);
  EXPECT_NEAR(*found.at("realised_fraction").high, (expected.high - 1) / 3, 1e-12);
  const EstimateRow throughput = found.at("throughput");
  EXPECT_NEAR(throughput.value, 5e9 / 40'000, 1e-6);
  EXPECT_LT(*throughput.low, throughput.value);
  EXPECT_GT(*throughput.high, throughput.value);
}

TEST(Estimates, APromisedLossTurnsTheInterval) {
  PairedExample example(7);
  example.store.put_trace(example.exit, {.block_count = 10,
                                         .flops_full = 100,
                                         .samples = 5,
                                         .evaluations = {{.rows = 5, .blocks_executed = 50, .flops = 1000}}});
  const EstimateRow realised = of_cell(example.store, example.run, example.exit).at("realised_fraction");
  EXPECT_LT(*realised.low, realised.value);
  EXPECT_GT(*realised.high, realised.value);
}

TEST(Estimates, BaselineIsOneByDefinition) {
  const PairedExample example(7);
  const auto found = of_cell(example.store, example.run, example.full);
  EXPECT_EQ(found.at("speedup").value, 1);
  EXPECT_EQ(found.at("speedup").rule, "by definition");
  EXPECT_FALSE(found.at("speedup").low);
  EXPECT_FALSE(found.contains("realised_fraction"));
}

TEST(Estimates, CellsThatAreNotOkHaveNone) {
  PairedExample example(7);
  example.store.set_cell_status(example.exit, CellStatus::kFailed, "differs");
  EXPECT_TRUE(of_cell(example.store, example.run, example.exit).empty());
  example.store.set_cell_status(example.exit, CellStatus::kPending);
  EXPECT_TRUE(of_cell(example.store, example.run, example.exit).empty());
  EXPECT_THROW(estimate_run(example.store, 99), DatabaseError);
}

TEST(Estimates, PercentilesOnlyWhereThereAreRepetitionsBeyondThem) {
  struct Expected {
    int n;
    bool has_p90, has_p90_interval, has_p99, has_p99_interval;
  };
  for (const Expected& expected : {Expected{9, false, false, false, false},
                                   {10, true, false, false, false},
                                   {36, true, true, false, false},
                                   {100, true, true, true, false},
                                   {368, true, true, true, true}}) {
    Example example;
    const std::int64_t cell = example.add(example_cell("full", CellRole::kBaseline));
    for (int i = 1; i <= expected.n; ++i) example.time(cell, i, 0, {i});
    example.store.set_cell_status(cell, CellStatus::kOk);
    const auto found = of_cell(example.store, example.run, cell);
    ASSERT_EQ(found.contains("latency_p90"), expected.has_p90) << expected.n;
    ASSERT_EQ(found.contains("latency_p99"), expected.has_p99) << expected.n;
    if (expected.has_p90) {
      EXPECT_NEAR(found.at("latency_p90").value, 1 + 0.9 * (expected.n - 1), 1e-9);
      EXPECT_EQ(found.at("latency_p90").low.has_value(), expected.has_p90_interval) << expected.n;
    }
    if (expected.has_p99) {
      EXPECT_EQ(found.at("latency_p99").low.has_value(), expected.has_p99_interval) << expected.n;
    }
  }
}

TEST(Estimates, ResourcesOfACell) {
  Example example;
  const std::int64_t cell = example.add(example_cell("full", CellRole::kBaseline, 2));
  example.store.put_machine(example.run, {.host = "a"});
  for (int round = 0; round < 3; ++round) {
    // the machine tells its energy on its first rank alone; 10 samples a repetition
    example.store.add_timings(std::vector<TimingRow>{
        {.cell = cell,
         .round = round,
         .rank = 0,
         .duration_ns = 100,
         .samples = 5,
         .decode_ns = 40,
         .energy_j = 2.0 + round},
        {.cell = cell, .round = round, .rank = 1, .duration_ns = 100, .samples = 5, .decode_ns = 20}});
  }
  example.store.put_memory_peaks(
      cell, std::vector<MemoryPeakRow>{{.rank = 0, .process_bytes = 900}, {.rank = 1, .process_bytes = 1000}});
  example.store.put_preparations(
      cell, std::vector<PreparationRow>{{.rank = 0, .duration_ns = 7}, {.rank = 1, .duration_ns = 5}});
  example.store.set_cell_status(cell, CellStatus::kOk);
  const auto found = of_cell(example.store, example.run, cell);
  EXPECT_DOUBLE_EQ(found.at("energy_per_sample").value, 9.0 / 30);
  EXPECT_DOUBLE_EQ(found.at("decode_share").value, 0.3);
  EXPECT_EQ(found.at("peak_memory").value, 1000);
  EXPECT_EQ(found.at("prepare_time").value, 7);
  EXPECT_FALSE(found.contains("device_memory"));

  // energy of a part of the repetitions is none
  example.store.add_timings(
      std::vector<TimingRow>{{.cell = cell, .round = 3, .rank = 0, .duration_ns = 100, .samples = 5},
                             {.cell = cell, .round = 3, .rank = 1, .duration_ns = 100, .samples = 5}});
  EXPECT_FALSE(of_cell(example.store, example.run, cell).contains("energy_per_sample"));
}

TEST(Estimates, TheSlowestRankIsTheOneThatIsSlowInTheMedian) {
  Example example;
  const auto cell = example.add(example_cell("full", CellRole::kBaseline, 3));
  const auto alone = example.add(example_cell("alone"));
  // rank 2 takes 1.2 times the mean; rank 0 is slow once
  for (int round = 0; round < 7; ++round) example.time(cell, round, 0, {round == 3 ? 900 : 90, 90, 120});
  example.time(alone, 0, 0, {50});
  for (const auto id : {cell, alone}) example.store.set_cell_status(id, CellStatus::kOk);
  const auto found = of_cell(example.store, example.run, cell);
  ASSERT_TRUE(found.contains("rank_imbalance"));
  EXPECT_DOUBLE_EQ(found.at("rank_imbalance").value, 1.2);
  EXPECT_EQ(found.at("rank_imbalance").n, 7);
  EXPECT_TRUE(found.at("rank_imbalance").rule.starts_with("rank 2: median")) << found.at("rank_imbalance").rule;
  EXPECT_FALSE(of_cell(example.store, example.run, alone).contains("rank_imbalance"));
}

TEST(Estimates, NoDecoderNoDecodeShare) {
  const PairedExample example(3);
  EXPECT_FALSE(of_cell(example.store, example.run, example.exit).contains("decode_share"));
}

TEST(Estimates, EveryMetricIsInTheTable) {
  const PairedExample example(40);
  for (const EstimateRow& row : estimate_run(example.store, example.run)) {
    EXPECT_TRUE(std::any_of(kMetrics.begin(), kMetrics.end(), [&](const Metric& metric) {
      return metric.name == row.metric;
    })) << row.metric;
  }
}

using Stored = std::vector<std::string>;  // every bit of every row

Stored stored_rows(const Example& example) {
  Stored rows;
  SQLite::Statement row(example.store.database(), "SELECT * FROM estimate ORDER BY cell, metric");
  while (row.executeStep()) {
    std::string text;
    for (int column = 0; column < row.getColumnCount(); ++column) {
      char number[64];
      if (row.getColumn(column).isFloat()) {
        std::snprintf(number, sizeof number, "%a", row.getColumn(column).getDouble());
        text += std::string(number) + "|";
      } else {
        text += row.getColumn(column).getString() + "|";
      }
    }
    rows.push_back(text);
  }
  return rows;
}

TEST(Estimates, RecomputedRowsAreTheStoredOnesExactly) {
  PairedExample example(40);
  store_estimates(example.store, example.run);
  const Stored first = stored_rows(example);
  ASSERT_GT(first.size(), 8U);
  example.store.database().exec(
      "UPDATE estimate SET value = value + 1 WHERE metric = 'speedup'; "
      "DELETE FROM estimate WHERE metric = 'latency'");
  EXPECT_NE(stored_rows(example), first);
  EXPECT_THAT(recompute_estimates(example.store), ::testing::ElementsAre(example.run));
  EXPECT_EQ(stored_rows(example), first);
}

TEST(Estimates, AResumedRunReplacesThem) {
  PairedExample example(6);
  store_estimates(example.store, example.run);
  example.time(example.exit, 6, 0, {70'000});
  store_estimates(example.store, example.run);
  EXPECT_EQ(
      example.store.database().execAndGet("SELECT n FROM estimate WHERE metric = 'latency' ORDER BY n DESC").getInt(),
      7);
}

TEST(Estimates, WrongRowsTakeNothingAway) {
  PairedExample example(6);
  store_estimates(example.store, example.run);
  const Stored before = stored_rows(example);
  const auto put = [&](const EstimateRow& row) { example.store.put_estimates(example.run, std::vector{row}); };
  const EstimateRow right = {.cell = example.exit, .metric = "speedup", .value = 1, .n = 1, .rule = "x"};
  EstimateRow wrong = right;
  wrong.metric = "speed";
  EXPECT_THROW(put(wrong), DatabaseError);
  wrong = right;
  wrong.low = 2;
  wrong.high = 1;
  EXPECT_THROW(put(wrong), DatabaseError);
  wrong.high.reset();
  EXPECT_THROW(put(wrong), DatabaseError);
  wrong = right;
  wrong.value = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(put(wrong), DatabaseError);
  wrong = right;
  wrong.cell = 99;
  EXPECT_THROW(put(wrong), DatabaseError);
  const std::int64_t other = example.store.begin_run(example_run());
  EXPECT_THROW(example.store.put_estimates(other, std::vector{right}), DatabaseError) << "a cell of another run";
  EXPECT_EQ(stored_rows(example), before);
}

}  // namespace
}  // namespace diffbench::results
