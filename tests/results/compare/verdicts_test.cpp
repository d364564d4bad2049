// What becomes of a cell that is slower, of a machine that is slower, and of everything that is not comparable.
#include "results/compare/verdicts.h"

#include <gmock/gmock.h>

#include "tests/results/compare/example_runs.h"

namespace diffbench::results {
namespace {

using testing::HasSubstr;

const std::vector<std::pair<std::string, double>> kCells = {
    {"full", 1000}, {"exit", 600}, {"cache", 500}, {"duo", 700}};

class VerdictsTest : public testing::Test {
 protected:
  Comparison compare() { return compare_runs(older_, newer_, gate_, is_paired_); }
  MeasuredRun older_ = example_measured(kCells);
  MeasuredRun newer_ = example_measured(kCells, 30, 0.003, 1);
  Gate gate_{};
  bool is_paired_ = false;
};

CellPattern cells(const std::string& part) {
  return [part](const std::string& key) { return key.find(part) != std::string::npos; };
}

TEST_F(VerdictsTest, EqualRunsAreTheSame) {
  for (const bool paired : {false, true}) {
    is_paired_ = paired;
    const auto comparison = compare();
    EXPECT_EQ(comparison.outcome, Outcome::kNone) << paired;
    for (const auto& row : comparison.rows) EXPECT_EQ(row.verdict, Verdict::kSame) << row.key << " " << row.metric;
  }
}

TEST_F(VerdictsTest, ASlowerMethodIsNamed) {
  scale(newer_.cells[1], 1.06);
  for (const bool paired : {false, true}) {
    is_paired_ = paired;
    const auto comparison = compare();
    EXPECT_EQ(comparison.outcome, Outcome::kRegression);
    const auto* row = find(comparison, "exit", "latency");
    EXPECT_EQ(row->verdict, Verdict::kSlower);
    EXPECT_EQ(row->cause, Cause::kMethod);
    EXPECT_TRUE(row->is_regression);
    EXPECT_NEAR(*row->effect, 1.06, 0.005);
    EXPECT_THAT(row->reason, HasSubstr("full is unchanged, so it is the method"));
    EXPECT_EQ(find(comparison, "exit", "throughput")->verdict, Verdict::kSlower) << "the same from its other side";
    EXPECT_NEAR(*find(comparison, "exit", "throughput")->effect, 1 / 1.06, 0.005);
    EXPECT_EQ(find(comparison, "exit", "speedup")->verdict, Verdict::kSlower);
    EXPECT_EQ(find(comparison, "cache", "latency")->verdict, Verdict::kSame);
    EXPECT_EQ(comparison.rows.front().key, "exit") << "what matters comes first";
  }
}

TEST_F(VerdictsTest, ASlowerMachineIsNoRegressionButIsSaid) {
  for (auto& cell : newer_.cells) scale(cell, 1.08);
  const auto comparison = compare();
  EXPECT_EQ(comparison.outcome, Outcome::kUndecided) << "a change of what all cells share looks the same";
  for (const char* key : {"full", "exit", "cache", "duo"}) {
    const auto* row = find(comparison, key, "latency");
    EXPECT_EQ(row->verdict, Verdict::kSlower);
    EXPECT_EQ(row->cause, Cause::kMachine) << row->reason;
    EXPECT_FALSE(row->is_regression);
  }
  EXPECT_EQ(find(comparison, "exit", "speedup")->verdict, Verdict::kSame);
  EXPECT_THAT(comparison.notes, testing::Contains(HasSubstr("8.0 % slower")));
}

TEST_F(VerdictsTest, WhereBothTookTurnsWhatAllShareIsARegression) {
  is_paired_ = true;
  for (auto& cell : newer_.cells) scale(cell, 1.08);
  const auto comparison = compare();
  EXPECT_EQ(comparison.outcome, Outcome::kRegression);
  EXPECT_THAT(find(comparison, "full", "latency")->reason, HasSubstr("something that all of them share"));
  EXPECT_EQ(find(comparison, "full", "latency")->cause, Cause::kUnknown);
}

// Signed ranks are looked at where the time was up, and not where it ended because of what was seen.
TEST_F(VerdictsTest, WhatEndedAsPlannedIsJudgedMoreSharply) {
  is_paired_ = true;
  older_ = example_measured(kCells, 80, 0.03);
  newer_ = example_measured(kCells, 80, 0.03, 1);
  scale(newer_.cells[1], 1.04);
  const auto row_of_end = [&](const std::string& of_older, const std::string& of_newer) {
    older_.cells[1].stored.stop_reason = of_older;
    newer_.cells[1].stored.stop_reason = of_newer;
    return *find(compare(), "exit", "latency");
  };
  const auto planned = row_of_end("max_seconds", "max_seconds");
  EXPECT_EQ(planned.verdict, Verdict::kSlower);
  EXPECT_THAT(planned.rule, HasSubstr("at the planned end, signed ranks"));
  for (const auto& [of_older, of_newer] : {std::pair{"decided", "decided"}, {"regression", "regression"}, {"", ""}}) {
    const auto row = row_of_end(of_older, of_newer);
    EXPECT_EQ(row.verdict, Verdict::kUndecided) << of_older;
    EXPECT_EQ(row.rule, "median of paired ratios, confidence sequence");
    EXPECT_GT(row.interval->high - row.interval->low, planned.interval->high - planned.interval->low);
    ASSERT_TRUE(row.rounds_needed);
  }
  EXPECT_EQ(row_of_end("max_seconds", "").verdict, Verdict::kUndecided);
}

TEST_F(VerdictsTest, AFasterFullDoesNotMakeTheOthersRegress) {
  scale(newer_.cells[0], 0.9);
  const auto comparison = compare();
  EXPECT_EQ(find(comparison, "full", "latency")->verdict, Verdict::kFaster);
  EXPECT_EQ(find(comparison, "full", "latency")->cause, Cause::kMethod);
  EXPECT_EQ(find(comparison, "exit", "speedup")->verdict, Verdict::kSlower);
  EXPECT_FALSE(find(comparison, "exit", "speedup")->is_regression);
  EXPECT_EQ(comparison.outcome, Outcome::kNone);
}

TEST_F(VerdictsTest, ASlowerFullAloneIsItsOwnDoing) {
  scale(newer_.cells[0], 1.1);
  const auto comparison = compare();
  EXPECT_TRUE(find(comparison, "full", "latency")->is_regression);
  EXPECT_THAT(find(comparison, "full", "latency")->reason, HasSubstr("the other cells did not"));
}

TEST_F(VerdictsTest, BelowTheSmallestEffectIsTheSameAndOnTheBorderUndecided) {
  scale(newer_.cells[1], 1.01);
  scale(newer_.cells[2], 1.02);
  const auto comparison = compare();
  EXPECT_EQ(find(comparison, "exit", "latency")->verdict, Verdict::kSame);
  EXPECT_EQ(find(comparison, "cache", "latency")->verdict, Verdict::kUndecided);
  EXPECT_EQ(comparison.outcome, Outcome::kUndecided);
}

TEST_F(VerdictsTest, WhatMayBeWorseMayBeUndecided) {
  is_paired_ = true;
  scale(newer_.cells[1], 1.02);
  EXPECT_EQ(compare().outcome, Outcome::kUndecided);
  gate_.allowances.push_back({.place = "[[allow]] 1", .cells = cells("exit"), .reason = "new", .until = "2999-12-31"});
  const auto excused = compare();
  EXPECT_EQ(excused.outcome, Outcome::kNone);
  EXPECT_EQ(find(excused, "exit", "latency")->verdict, Verdict::kUndecided) << "it is still said";
  EXPECT_THAT(find(excused, "exit", "latency")->reason, HasSubstr("allowed until 2999-12-31: new"));
  scale(newer_.cells[2], 1.02);
  EXPECT_EQ(compare().outcome, Outcome::kUndecided) << "another cell is not excused";
  scale(newer_.cells[2], 1 / 1.02);
  gate_.allowances.front().is_expired = true;
  EXPECT_EQ(compare().outcome, Outcome::kUndecided);
}

TEST_F(VerdictsTest, TooFewRoundsSayHowManyMoreAreNeeded) {
  older_ = example_measured(kCells, 3);
  newer_ = example_measured(kCells, 3, 0.003, 1);
  const auto comparison = compare();
  const auto* row = find(comparison, "exit", "latency");
  EXPECT_EQ(row->verdict, Verdict::kUndecided);
  EXPECT_FALSE(row->interval);
  ASSERT_TRUE(row->rounds_needed);
  const int enough = 3 + static_cast<int>(*row->rounds_needed);
  older_ = example_measured(kCells, enough);
  newer_ = example_measured(kCells, enough, 0.003, 1);
  EXPECT_TRUE(find(compare(), "exit", "latency")->interval);
}

TEST_F(VerdictsTest, WhatCannotBeComparedIsSaidAndNeverDropped) {
  newer_.cells[1].stored.row.identity = "another";
  newer_.cells[1].files["weights"] = "aaaa";
  older_.cells[1].files["weights"] = "bbbb";
  newer_.cells[2].stored.row.key = newer_.cells[2].stored.row.identity = "renamed";
  newer_.cells[3].stored.status = CellStatus::kFailed;
  newer_.cells[3].stored.reason = "samples are not finite";
  const auto comparison = compare();
  EXPECT_EQ(find(comparison, "exit", "all")->verdict, Verdict::kNotComparable);
  EXPECT_EQ(find(comparison, "exit", "all")->reason, "file weights is aaaa instead of bbbb");
  EXPECT_EQ(find(comparison, "renamed", "all")->reason, "only in the new run");
  EXPECT_EQ(find(comparison, "cache", "all")->reason, "only in the old run");
  EXPECT_THAT(find(comparison, "duo", "all")->reason, HasSubstr("samples are not finite"));
  EXPECT_TRUE(find(comparison, "duo", "all")->is_regression) << "a cell that fails now is one";
  EXPECT_NE(find(comparison, "full", "latency"), nullptr);
}

TEST_F(VerdictsTest, ARenamedLabelIsStillTheSameCell) {
  newer_.cells[1].stored.row.key = "exit with another label";
  scale(newer_.cells[1], 1.1);
  EXPECT_TRUE(find(compare(), "exit with another label", "latency")->is_regression);
}

TEST_F(VerdictsTest, AnotherMachineOrLibraryIsNotComparableUnlessAskedFor) {
  newer_.circumstances["library"]["torch_version"] = "2";
  older_.circumstances["library"]["torch_version"] = "1";
  const auto comparison = compare();
  EXPECT_EQ(find(comparison, "exit", "latency")->verdict, Verdict::kNotComparable);
  EXPECT_THAT(find(comparison, "exit", "latency")->reason, HasSubstr("library: torch_version is 2 instead of 1"));
  EXPECT_EQ(comparison.outcome, Outcome::kUndecided);
  gate_.across = {"library"};
  EXPECT_EQ(find(compare(), "exit", "latency")->verdict, Verdict::kSame);
  EXPECT_THAT(compare().notes, testing::Contains(HasSubstr("compared across a difference")));
}

TEST_F(VerdictsTest, QualityIsTwoSidedAndEqualSamplesAreEqual) {
  const auto fid = [](double value, const std::string& checksum) {
    return MeasuredQuality{.row = {.metric = "fid",
                                   .value = value,
                                   .low = value - 1,
                                   .high = value + 1,
                                   .n = 512,
                                   .sample_checksum = checksum},
                           .mode = "plain"};
  };
  for (auto* run : {&older_, &newer_}) {
    run->quality_metrics = {{.name = "fid", .better = "lower", .comparison = "ratio", .smallest_effect = 0.02},
                            {.name = "recall", .better = "higher", .comparison = "difference", .smallest_effect = 0.1}};
    for (auto& cell : run->cells) cell.quality["fid"] = fid(60, "same");
  }
  newer_.cells[1].quality["fid"] = fid(75, "worse");
  newer_.cells[2].quality["fid"] = fid(50, "better");
  newer_.cells[3].quality["fid"] = fid(60.1, "other samples");
  auto comparison = compare();
  EXPECT_EQ(find(comparison, "full", "fid")->verdict, Verdict::kSame);
  EXPECT_EQ(find(comparison, "exit", "fid")->verdict, Verdict::kWorse);
  EXPECT_TRUE(find(comparison, "exit", "fid")->is_regression);
  EXPECT_EQ(find(comparison, "cache", "fid")->verdict, Verdict::kBetter) << "a finding as well";
  EXPECT_FALSE(find(comparison, "cache", "fid")->is_regression);
  EXPECT_EQ(find(comparison, "duo", "fid")->verdict, Verdict::kUndecided);
  newer_.cells[1].quality["fid"].row.n = 256;
  newer_.cells[2].quality["fid"].mode = "clean_fid";
  comparison = compare();
  EXPECT_EQ(find(comparison, "exit", "fid")->reason, "N is 256 instead of 512");
  EXPECT_EQ(find(comparison, "cache", "fid")->reason, "input mode is clean_fid instead of plain");
}

TEST_F(VerdictsTest, MetricsOfQualityAreThoseThatTheFilesName) {
  for (auto* run : {&older_, &newer_}) {
    run->quality_metrics = {{.name = "recall", .better = "higher", .comparison = "difference", .smallest_effect = 0.1}};
    const double value = run == &older_ ? 0.8 : 0.4;
    const QualityRow row{.metric = "recall", .value = value, .low = value - 0.05, .high = value + 0.05, .n = 512};
    run->cells[1].quality = {{"recall", {.row = row}}, {"recall@clip", {.row = row}}, {"unheard", {.row = row}}};
    run->cells[1].quality["recall@clip"].row.extractor = 2;
  }
  const auto comparison = compare();
  for (const char* name : {"recall", "recall@clip"}) {
    EXPECT_EQ(find(comparison, "exit", name)->verdict, Verdict::kWorse) << name;
    EXPECT_FALSE(find(comparison, "exit", name)->is_regression) << "only what a gate names, and the FID, gate";
  }
}

TEST_F(VerdictsTest, WhatMattersOfADifferenceToFullIsAShareOfTheValue) {
  for (auto* run : {&older_, &newer_}) {
    run->quality_metrics = {
        {.name = "kid", .better = "lower", .comparison = "ratio", .smallest_effect = 0.05},
        {.name = "kid_difference", .better = "lower", .comparison = "ratio", .smallest_effect = 0.05}};
    const auto put = [&](const std::string& name, const std::string& metric, double value, double half_width) {
      run->cells[1].quality[name].row = {
          .metric = metric, .value = value, .low = value - half_width, .high = value + half_width, .n = 512};
    };
    const double moved = run == &older_ ? 0 : 1;
    put("kid", "kid", 4e-3, 1e-5);  // as of an Inception: a fixed number that suits the other would hide all of it
    put("kid_difference", "kid_difference", moved * 1e-3, 1e-5);
    put("kid@zoo", "kid", 40, 0.1);
    put("kid_difference@zoo", "kid_difference", -moved, 0.1);
    for (const char* name : {"kid@zoo", "kid_difference@zoo"}) run->cells[1].quality[name].row.extractor = 2;
  }
  const auto comparison = compare();
  EXPECT_EQ(find(comparison, "exit", "kid_difference")->verdict, Verdict::kWorse);
  EXPECT_DOUBLE_EQ(find(comparison, "exit", "kid_difference")->smallest_effect, 0.05 * 4e-3);
  EXPECT_EQ(find(comparison, "exit", "kid_difference@zoo")->verdict, Verdict::kSame);
  EXPECT_DOUBLE_EQ(find(comparison, "exit", "kid_difference@zoo")->smallest_effect, 0.05 * 40);
}

TEST_F(VerdictsTest, TheGatesEntriesHold) {
  scale(newer_.cells[1], 1.06);
  scale(newer_.cells[2], 1.03);
  for (const char* metric : {"latency", "speedup"}) {
    gate_.thresholds.push_back({.place = "gate.toml:1", .metric = metric, .cells = cells("cache"), .effect = 0.05});
  }
  gate_.allowances.push_back(
      {.place = "gate.toml:5", .metric = "", .cells = cells("exit"), .reason = "new gate", .until = "2027-01-01"});
  gate_.allowances.push_back(
      {.place = "gate.toml:9", .metric = "", .cells = cells("nothing"), .reason = "x", .until = "2027-01-01"});
  gate_.budgets.push_back({.place = "gate.toml:13", .metric = "latency", .cells = cells("full"), .at_most = 900});
  newer_.cells[0].estimates["latency"].value = 1000;
  auto comparison = compare();
  EXPECT_EQ(find(comparison, "cache", "latency")->verdict, Verdict::kSame);
  EXPECT_FALSE(find(comparison, "exit", "latency")->is_regression);
  EXPECT_THAT(find(comparison, "exit", "latency")->reason, HasSubstr("allowed until 2027-01-01: new gate"));
  EXPECT_THAT(comparison.notes, testing::Contains("gate.toml:9: matches no cell"));
  EXPECT_EQ(comparison.outcome, Outcome::kRegression) << "over its budget";
  EXPECT_EQ(comparison.rows.front().rule, "budget");
  EXPECT_THAT(comparison.rows.front().reason, HasSubstr("budget exceeded: 1000, at most 900 (gate.toml:13)"));
  gate_.budgets.clear();
  gate_.allowances[0].is_expired = true;
  comparison = compare();
  EXPECT_TRUE(find(comparison, "exit", "latency")->is_regression);
  EXPECT_THAT(comparison.notes, testing::Contains("gate.toml:5: expired on 2027-01-01"));
}

TEST_F(VerdictsTest, MoreClaimsMakeEachHarder) {
  const auto one = compare();
  EXPECT_EQ(one.family, 4 + 3) << "times, and speed-ups";
  EXPECT_GT(find(one, "exit", "latency")->confidence, 0.99);
}

}  // namespace
}  // namespace diffbench::results
