// What is printed at the end of a run: intervals only where there are, and what makes a number doubtful said beside it.
#include "harness/commands/result_table.h"

#include <gmock/gmock.h>

namespace diffbench::commands {
namespace {

using results::CellRole;
using results::CellStatus;
using results::CellSummary;
using results::Interval;
using ::testing::HasSubstr;
using ::testing::Not;

CellSummary cell(const std::string& label, int64_t n, bool has_interval) {
  CellSummary summary;
  summary.row.key = label;
  summary.row.method_label = label;
  summary.row.decides = "row";
  summary.row.identity = "abc";
  summary.status = CellStatus::kOk;
  summary.repetitions = n;
  summary.samples_seen = 5 * n;
  summary.estimates = {{"latency", {.value = 2e6, .n = n, .rule = "median"}},
                       {"speedup", {.value = 1.25, .n = n, .rule = "median"}}};
  if (has_interval) {
    summary.estimates["speedup"].interval = Interval{1.125, 1.5};
    summary.estimates["latency"].interval = Interval{1e6, 3e6};
  }
  return summary;
}

TEST(ResultTable, PrintsIntervalsOrThatThereAreTooFewRounds) {
  const std::string text = result_table({cell("many", 8, true), cell("few", 3, false)});
  EXPECT_THAT(text, HasSubstr("1.250 [1.125, 1.500]"));
  EXPECT_THAT(text, HasSubstr("2 ms [1, 3]"));
  EXPECT_THAT(text, HasSubstr("1.250 (n < 6)"));
  EXPECT_THAT(text, HasSubstr("2 ms (n < 6)"));
  EXPECT_THAT(text, Not(HasSubstr("warm-up")));
  EXPECT_THAT(text, Not(HasSubstr("disturbed")));
  EXPECT_THAT(text, Not(HasSubstr("J/image"))) << "nothing read it";
}

TEST(ResultTable, BaselinesOneIsNotShortOfRounds) {
  CellSummary full = cell("full", 3, false);
  full.estimates.erase("latency");
  full.estimates["speedup"] = {.value = 1, .n = 3, .rule = "by definition"};
  EXPECT_THAT(result_table({full}), Not(HasSubstr("n < 6")));
}

TEST(ResultTable, SaysWhichWarmupsDidNotConverge) {
  CellSummary cold = cell("cold", 8, true);
  cold.warmup_converged = false;
  CellSummary warm = cell("warm", 8, true);
  warm.warmup_converged = true;
  const std::string text = result_table({cold, warm, cell("unknown", 8, true)});
  EXPECT_THAT(text, HasSubstr("cold *"));
  EXPECT_THAT(text, Not(HasSubstr("warm *")));
  EXPECT_THAT(text, Not(HasSubstr("unknown *")));
  EXPECT_THAT(text, HasSubstr("* the warm-up did not converge: 1 of 3 cells"));
}

TEST(ResultTable, CountsDisturbedTimingsByReason) {
  CellSummary first = cell("first", 8, true);
  first.disturbed_repetitions = 3;
  first.disturbances = {{"steal time", 2}, {"throttled clock", 2}};
  CellSummary second = cell("second", 6, true);
  second.disturbed_repetitions = 1;
  second.disturbances = {{"steal time", 1}};
  const std::string text = result_table({first, second});
  EXPECT_THAT(text, HasSubstr("first +"));
  EXPECT_THAT(text, HasSubstr("+ 4 of 14 timings were disturbed and count all the same: steal time (3), throttled "
                              "clock (2)"));
}

TEST(ResultTable, FailedCellsSayWhy) {
  CellSummary broken = cell("broken", 0, false);
  broken.status = CellStatus::kFailed;
  broken.reason = "differs from full";
  broken.estimates.clear();
  const std::string text = result_table({broken});
  EXPECT_THAT(text, HasSubstr("failed: differs from full"));
  EXPECT_THAT(text, Not(HasSubstr("n < 6")));
}

TEST(ResultTable, OverheadLinesHaveIntervalsToo) {
  CellSummary profiled = cell("full", 8, true);
  EXPECT_EQ(overhead_lines({profiled}), "");
  profiled.estimates["overhead_nvtx"] = {.value = 1.01, .interval = Interval{1.0, 1.02}, .n = 8, .rule = "median"};
  profiled.estimates["overhead_everything"] = {.value = 1.5, .n = 3, .rule = "median"};
  EXPECT_EQ(overhead_lines({profiled}),
            "recording nvtx: 1.010 [1.000, 1.020] of the time without, full\n"
            "recording everything: 1.500 (n < 6) of the time without, full\n");
}

TEST(ResultTable, SlowRanksAreNamedWhereTheyAreKnownToBe) {
  CellSummary first = cell("first", 8, true);
  CellSummary second = cell("second", 8, true);
  EXPECT_EQ(rank_lines({first, second}), "");
  first.estimates["rank_imbalance"] = {
      .value = 1.12, .interval = Interval{1.1, 1.13}, .n = 8, .rule = "rank 3: median"};
  second.estimates["rank_imbalance"] = {.value = 1.3, .interval = Interval{1.2, 1.4}, .n = 8, .rule = "rank 3: median"};
  EXPECT_EQ(rank_lines({first, second}),
            "rank 3 is the slowest in 2 cells: up to 30 % above the mean of all ranks (second)\n");
  second.estimates["rank_imbalance"] = {.value = 1.3, .interval = Interval{0.9, 1.4}, .n = 8, .rule = "rank 1: median"};
  first.estimates["rank_imbalance"].value = 1.04;
  EXPECT_EQ(rank_lines({first, second}), "");
}

TEST(ResultJson, CarriesWhatANumberRestsOn) {
  CellSummary one = cell("exit", 8, true);
  one.estimates["fid"] = {.value = 7, .n = 1000, .rule = "groups"};
  one.disturbed_repetitions = 1;
  one.disturbances = {{"steal time", 1}};
  const auto json = result_json({one}, 3, "results.db").at("cells").at(0);
  EXPECT_EQ(json.at("speedup"), 1.25);
  EXPECT_TRUE(json.at("realised_fraction").is_null());
  EXPECT_EQ(json.at("n"), 1000);
  EXPECT_EQ(json.at("estimates").at("speedup"), nlohmann::json::parse(R"({"value": 1.25, "interval": [1.125, 1.5],
                                                                        "n": 8, "rule": "median"})"));
  EXPECT_TRUE(json.at("estimates").at("fid").at("interval").is_null());
  EXPECT_EQ(json.at("identity"), "abc");
  EXPECT_EQ(json.at("decides"), "row");
  EXPECT_EQ(json.at("samples_seen"), 40);
  EXPECT_TRUE(json.at("warmup_converged").is_null());
  EXPECT_EQ(json.at("disturbed").at("steal time"), 1);
}

}  // namespace
}  // namespace diffbench::commands
