// The pure rules behind a measurement.

#include <gmock/gmock.h>

#include <fstream>
#include <set>

#include "harness/measure/counters.h"
#include "harness/measure/disturbance.h"
#include "harness/measure/identity.h"
#include "harness/measure/round_plan.h"
#include "harness/measure/stop_rule.h"
#include "harness/measure/trace_sum.h"
#include "harness/measure/warm_up.h"

namespace diffbench::measure {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(RoundSamples, DependOnSeedRoundAndRank) {
  const auto one = round_samples(1, 0, 0, 64);
  EXPECT_EQ(one, round_samples(1, 0, 0, 64));
  for (const auto& other : {round_samples(2, 0, 0, 64), round_samples(1, 1, 0, 64), round_samples(1, 0, 1, 64),
                            round_samples(1, warm_up_round(0), 0, 64)}) {
    std::set<int64_t> all(one.begin(), one.end());
    all.insert(other.begin(), other.end());
    EXPECT_EQ(all.size(), 128u);
  }
}

TEST(RoundSamples, OfASmallerBatchAreTheFirstOfALargerOne) {
  const auto large = round_samples(3, 5, 1, 64);
  EXPECT_EQ(round_samples(3, 5, 1, 8), std::vector<int64_t>(large.begin(), large.begin() + 8));
}

TEST(RoundSamples, AreNoneThatQualityIsJudgedOnAndOfEveryClass) {
  std::map<int64_t, int> by_class;
  for (int round = 0; round < 200; ++round) {
    for (const int64_t sample : round_samples(7, round, 0, 1)) {
      EXPECT_GE(sample, int64_t{1} << 48);
      ++by_class[sample % 10];
    }
  }
  EXPECT_EQ(by_class.size(), 10u);  // single_stream sees them all
}

TEST(ShuffledGroups, KeepAComparisonTogether) {
  std::set<std::vector<size_t>> orders;
  for (int round = 0; round < 20; ++round) {
    const auto order = shuffled_groups({{0, 1, 2}, {3, 4, 5}}, 9, round);
    EXPECT_EQ(order, shuffled_groups({{0, 1, 2}, {3, 4, 5}}, 9, round));
    ASSERT_EQ(order.size(), 6u);
    EXPECT_EQ((std::set<size_t>{order[0] / 3, order[1] / 3, order[2] / 3}).size(), 1u);
    orders.insert(order);
  }
  EXPECT_GT(orders.size(), 5u);
}

TEST(StopRule, ReasonsInTheirOrder) {
  const suite::TimingOptions timing{.min_rounds = 7, .max_rounds = 10, .max_seconds = 5.0, .target_half_width = 0.02};
  const std::vector<std::vector<double>> exact(2, std::vector<double>(8, 100.0));
  EXPECT_EQ(reason_to_stop(timing, 10, 0.0, exact), "max_rounds");
  EXPECT_EQ(reason_to_stop(timing, 1, 6.0, exact), "");  // one round is no pair
  EXPECT_EQ(reason_to_stop(timing, 2, 6.0, exact), "max_seconds");
  EXPECT_EQ(reason_to_stop(timing, 8, 0.0, exact), "target_half_width");
  EXPECT_EQ(reason_to_stop(timing, 6, 0.0, exact), "");  // fewer than min_rounds
  auto wide = exact;
  wide[1] = {100, 120, 80, 100, 130, 70, 100, 100};
  EXPECT_EQ(reason_to_stop(timing, 8, 0.0, wide), "");  // one cell of the comparison is not known well enough
  const std::vector<std::vector<double>> few(2, std::vector<double>(3, 100.0));
  EXPECT_EQ(reason_to_stop({.min_rounds = 3, .max_rounds = 10}, 3, 0.0, few), "");  // no interval, no promise
}

TEST(WarmUp, NeedsTwoWindows) {
  WarmUp warm_up(10.0);
  for (const int64_t ms : {10, 10, 10}) {
    EXPECT_FALSE(warm_up.is_over());
    warm_up.add(ms * 1'000'000);
  }
  EXPECT_FALSE(warm_up.is_over());
  warm_up.add(10'000'000);
  EXPECT_TRUE(warm_up.is_over());
  EXPECT_TRUE(warm_up.converged());
  EXPECT_EQ(warm_up.reason(), "windows_agree");
}

TEST(WarmUp, OfNoTimeIsOverAtOnceAndHasNotConverged) {
  const WarmUp warm_up(0.0);
  EXPECT_TRUE(warm_up.is_over());
  EXPECT_FALSE(warm_up.converged());
  EXPECT_EQ(warm_up.reason(), "max_seconds");
}

TEST(Disturbance, NamesWhatCameBetween) {
  const auto of = [](Counters passed, std::optional<int64_t> usual = std::nullopt) {
    return disturbance({.duration_ns = 100'000'000, .passed = passed, .usual_page_faults = usual}).value_or("");
  };
  EXPECT_EQ(of({}), "");
  EXPECT_EQ(of({.throttle_count = 1}), "clock throttled");
  EXPECT_EQ(of({.steal_ns = 2'000'000}), "");
  EXPECT_EQ(of({.steal_ns = 10'000'000}), "steal time 10.0 % of the repetition");
  EXPECT_EQ(of({.core_wait_ns = 2'000'000}), "");
  EXPECT_EQ(of({.core_wait_ns = 3'000'000}), "waited 3.0 % of the repetition for a core");
  EXPECT_EQ(of({.page_fault_count = 100'000}), "");  // nothing is usual yet
  EXPECT_EQ(of({.page_fault_count = 250}, 0), "");
  EXPECT_EQ(of({.page_fault_count = 300}, 0), "300 page faults, usual are 0");
  EXPECT_EQ(of({.page_fault_count = 1'900}, 1'000), "");
  EXPECT_EQ(of({.page_fault_count = 2'100}, 1'000), "2100 page faults, usual are 1000");
}

class CountersTest : public ::testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  ~CountersTest() override { std::filesystem::remove_all(root_); }

  std::filesystem::path root_ = ::testing::TempDir() + "counters_" + std::to_string(getpid());
};

TEST_F(CountersTest, ReadsWhatTheSystemCounts) {
  write("proc/stat", "cpu  100 0 50 900 1 0 2 7 0 0\ncpu0 1 1 1 1\n");
  write("proc/self/task/11/schedstat", "1000 250 3\n");
  write("proc/self/task/12/schedstat", "1000 50 3\n");
  write("sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "4\n");
  write("sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count", "1\n");
  CounterReader reader(false, root_);
  const auto counters = reader.read();
  EXPECT_EQ(counters.core_wait_ns, 300);
  EXPECT_EQ(counters.steal_ns, 7 * (1'000'000'000 / sysconf(_SC_CLK_TCK)));
  EXPECT_EQ(counters.throttle_count, 5);
  EXPECT_TRUE(counters.page_fault_count);
  EXPECT_FALSE(counters.energy_j);
}

TEST_F(CountersTest, WhatIsNotThereIsAbsentAndStaysSo) {
  write("proc/stat", "nonsense\n");
  CounterReader reader(false, root_);
  const auto passed = reader.read() - reader.read();
  EXPECT_FALSE(passed.core_wait_ns);
  EXPECT_FALSE(passed.steal_ns);
  EXPECT_FALSE(passed.throttle_count);
  const Counters back = nlohmann::json::from_cbor(nlohmann::json::to_cbor(nlohmann::json(passed))).get<Counters>();
  EXPECT_FALSE(back.steal_ns);
  EXPECT_EQ(back.page_fault_count, passed.page_fault_count);
}

TEST_F(CountersTest, EnergyIsAskedOnlyWhereDevicesAreRead) {
  write("sys/class/powercap/intel-rapl:0/name", "package-0\n");
  write("sys/class/powercap/intel-rapl:0/energy_uj", "5000000\n");
  write("sys/class/powercap/intel-rapl:0/max_energy_range_uj", "262143328850\n");
  CounterReader first(true, root_);
  const auto before = first.read();
  ASSERT_TRUE(before.energy_j);
  write("sys/class/powercap/intel-rapl:0/energy_uj", "7500000\n");
  EXPECT_DOUBLE_EQ(*(first.read() - before).energy_j, 2.5);
  EXPECT_FALSE(CounterReader(false, root_).read().energy_j);
}

TEST(PeakMemory, SeesWhatWasTouchedSinceTheReset) {
  reset_peak_memory();
  const auto before = peak_memory_bytes();
  if (!before) {
    GTEST_SKIP() << "the system does not tell";
  }
  {
    std::vector<char> block(64 << 20, 'x');
    EXPECT_EQ(block[12345], 'x');
  }
  EXPECT_GE(*peak_memory_bytes(), *before + (60 << 20));
  reset_peak_memory();
  EXPECT_LT(*peak_memory_bytes(), *before + (30 << 20));
}

TEST(TraceSum, OfTwoShardsOfUnequalSizeIsTheirSum) {
  TraceSum sum(3, 30.0);
  sum.add({{.t = 9, .rows = 4, .blocks_executed = 12, .flops = 120, .exit_count = {0, 0, 0, 4}}}, 4);
  sum.add({{.t = 9, .rows = 1, .blocks_executed = 1, .flops = 10, .probe_flops = 2, .exit_count = {0, 1}}}, 1);
  const auto row = sum.row();
  EXPECT_EQ(row.samples, 5);
  EXPECT_EQ(row.evaluations.at(0).rows, 5);
  EXPECT_EQ(row.evaluations.at(0).blocks_executed, 13.0);
  EXPECT_EQ(row.evaluations.at(0).probe_flops, 2.0);
  ASSERT_EQ(row.exit_counts.size(), 2u);
  EXPECT_EQ(row.exit_counts[0].rows, 1);
  // what a resumed run reads goes on exactly
  TraceSum resumed(row);
  resumed.add({{.t = 9, .rows = 2, .blocks_executed = 6, .flops = 60, .exit_count = {0, 0, 0, 2}}}, 2);
  EXPECT_EQ(resumed.row().evaluations.at(0).flops, 190.0);
  EXPECT_EQ(resumed.row().exit_counts.back().rows, 6);
  EXPECT_THROW(resumed.add(Trace(2), 1), std::logic_error);
}

TEST(TraceSum, TravelsBetweenRanksAsItIs) {
  const Trace trace{{.t = 0.1 + 0.2, .rows = 3, .blocks_executed = 5.5, .compactions = 2, .exit_count = {1, 2}}};
  const auto back = nlohmann::json::from_cbor(nlohmann::json::to_cbor(nlohmann::json(trace))).get<Trace>();
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(back[0].t, trace[0].t);
  EXPECT_EQ(back[0].blocks_executed, 5.5);
  EXPECT_EQ(back[0].compactions, 2);
  EXPECT_THAT(back[0].exit_count, ElementsAre(1, 2));
}

TEST(Identity, ChangesWithAllThatDecidesWhatACellDoesAndWithNothingElse) {
  suite::Suite suite;
  suite::Cell cell;
  cell.method = cell.label = "full";
  cell.solver = "ddim";
  cell.grid = "trailing";
  cell.batch = 8;
  cell.precision = "fp32";
  cell.scenario = "offline";
  CellFacts facts;
  facts.artifacts = {{.role = "weights", .path = "/here/w", .sha256 = "ab"}};
  const auto original = cell_identity(cell, suite, facts, 1);
  const auto changed = [&](auto change, int ranks = 1) {
    auto other_suite = suite;
    auto other_cell = cell;
    auto other_facts = facts;
    change(other_suite, other_cell, other_facts);
    return cell_identity(other_cell, other_suite, other_facts, ranks) != original;
  };
  EXPECT_FALSE(changed([](auto&, auto&, auto&) {}));
  EXPECT_FALSE(changed([](auto& s, auto& c, auto& f) {
    s.seed = 77;
    c.label = "another name";
    f.artifacts[0].path = "/elsewhere/w";
    f.device = "cpu";
  }));
  EXPECT_TRUE(changed([](auto&, auto&, auto&) {}, 2));
  EXPECT_TRUE(changed([](auto& s, auto&, auto&) { s.run.threads = 2; }));
  EXPECT_TRUE(changed([](auto& s, auto&, auto&) { s.run.guidance = 2.0; }));
  EXPECT_TRUE(changed([](auto&, auto& c, auto&) { c.steps = 5; }));
  EXPECT_TRUE(changed([](auto&, auto& c, auto&) { c.batch = 9; }));
  EXPECT_TRUE(changed([](auto&, auto& c, auto&) { c.precision = "bf16"; }));
  EXPECT_TRUE(changed([](auto&, auto&, auto& f) { f.method_params["exit"] = 3; }));
  EXPECT_TRUE(changed([](auto&, auto&, auto& f) { f.solver_params["eta"] = 0.5; }));
  EXPECT_TRUE(changed([](auto&, auto&, auto& f) { f.artifacts[0].sha256 = "cd"; }));
  EXPECT_TRUE(changed([](auto&, auto&, auto& f) { f.device = "cuda:1"; }));
}

}  // namespace
}  // namespace diffbench::measure
