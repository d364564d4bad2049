// The views over a profile, against answers computed by hand.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>

#include <sstream>

#include "tests/results/example.h"

namespace diffbench::results {
namespace {

// rows as "a|b|c", numbers as %g, NULL as -
std::vector<std::string> rows_of(const Example& example, const std::string& sql) {
  std::vector<std::string> rows;
  SQLite::Statement statement(example.store.database(), sql);
  while (statement.executeStep()) {
    std::ostringstream row;
    for (int column = 0; column < statement.getColumnCount(); ++column) {
      const SQLite::Column value = statement.getColumn(column);
      row << (column == 0 ? "" : "|");
      if (value.isNull()) {
        row << "-";
      } else if (value.isFloat()) {
        row << value.getDouble();
      } else {
        row << value.getString();
      }
    }
    rows.push_back(row.str());
  }
  return rows;
}

using Rows = std::vector<std::string>;
constexpr auto kExternal = Attribution::kExternal;

// On a GPU, in ns: evaluation [0, 1000] holds block 0 [100, 400] with 8 rows of which 6 are inside, probe [400, 500]
// and block 1 [500, 900] with 8 rows of which 2 are inside. Kernels on stream 7: block 0: gemm [150, 250], relu [270,
// 300]; probe: gate [420, 440]; block 1: gemm [520, 720] and, before it ends, relu [700, 730]. Beside them a call, a
// wait, the profiler's overhead, a CPU operator around a kernel, and a kernel of 50 ns that nobody knows the scope of.
struct ProfiledExample : Example {
  std::int64_t cell = add(example_cell("exit"));

  ProfiledExample() {
    const auto scope = [&](std::int64_t id, std::int64_t parent, ScopePhase phase, std::int64_t block,
                           std::int64_t inside, std::int64_t begin_ns, std::int64_t end_ns) {
      return ScopeRow{.id = id,
                      .parent = parent,
                      .phase = phase,
                      .thread = 9,
                      .cell = cell,
                      .evaluation = 0,
                      .block = block,
                      .rows = 8,
                      .rows_inside = inside,
                      .begin_ns = begin_ns,
                      .end_ns = end_ns};
    };
    const auto kernel = [](std::uint32_t name, std::int64_t in, std::int64_t begin_ns, std::int64_t end_ns,
                           double flops) {
      return ActivityRow{.kind = ActivityKind::kKernel,
                         .attribution = kExternal,
                         .name = name,
                         .scope = in,
                         .stream = 7,
                         .begin_ns = begin_ns,
                         .end_ns = end_ns,
                         .flops = flops,
                         .moved_bytes = 2 * flops};
    };
    const auto other = [](ActivityKind kind, std::int64_t begin_ns, std::int64_t end_ns) {
      return ActivityRow{.kind = kind,
                         .attribution = Attribution::kTimeOverlap,
                         .scope = 2,
                         .thread = 9,
                         .begin_ns = begin_ns,
                         .end_ns = end_ns};
    };
    ProfileRow profile{.source = "cupti", .device_name = "H200", .strings = {"gemm", "relu", "gate", "lost"}};
    profile.scopes = {scope(1, kNoNumber, ScopePhase::kEvaluation, kNoNumber, kNoNumber, 0, 1000),
                      scope(2, 1, ScopePhase::kBlock, 0, 6, 100, 400),
                      scope(3, 1, ScopePhase::kProbe, 0, kNoNumber, 400, 500),
                      scope(4, 1, ScopePhase::kBlock, 1, 2, 500, 900)};
    profile.activities = {kernel(0, 2, 150, 250, 1000),
                          kernel(1, 2, 270, 300, kNoReal),
                          kernel(2, 3, 420, 440, kNoReal),
                          kernel(0, 4, 520, 720, 2000),
                          kernel(1, 4, 700, 730, kNoReal),
                          other(ActivityKind::kApiCall, 110, 120),
                          other(ActivityKind::kSynchronization, 300, 390),
                          other(ActivityKind::kCpuOperator, 105, 125)};
    ActivityRow lost = kernel(3, kNoNumber, 950, 1000, kNoReal);
    lost.attribution = Attribution::kNone;
    profile.activities.push_back(lost);
    lost.kind = ActivityKind::kOverhead;
    profile.activities.push_back(lost);
    store.put_profile(run, profile);
    store.put_ceilings(run, std::vector<CeilingRow>{{.quantity = "flops_per_s", .precision = "fp32", .value = 2e10},
                                                    {.quantity = "flops_per_s", .precision = "bf16", .value = 9e10},
                                                    {.rank = 0, .quantity = "bytes_per_s", .value = 4e10}});
  }
};

TEST(ProfileViews, Time) {
  const ProfiledExample example;
  EXPECT_EQ(rows_of(example,
                    "SELECT phase, block, activity_ns, activity_count, self_ns, scope_count FROM profile_time "
                    "ORDER BY phase, block"),
            (Rows{"block|0|130|2|300|1", "block|1|230|2|400|1", "evaluation|-|0|0|200|1", "probe|0|20|1|100|1"}));
}

TEST(ProfileViews, TimesOfScopesAddUp) {
  const ProfiledExample example;
  EXPECT_EQ(rows_of(example, "SELECT sum(self_ns), sum(activity_ns) FROM profile_time"), (Rows{"1000|380"}));
  EXPECT_EQ(rows_of(example, "SELECT sum(duration_ns) FROM profile_work"),
            (Rows{"430"}));  // 50 of them without a scope
}

TEST(ProfileViews, Kernel) {
  const ProfiledExample example;
  // gemm: 300 of 380 ns, 3000 FLOPs, 6000 bytes: 1e10 FLOP/s of 2e10, 2e10 bytes/s of 4e10
  EXPECT_EQ(rows_of(example,
                    "SELECT name, kind, calls, total_ns, mean_ns, round(share, 4), flops_per_s, bytes_per_s, "
                    "flops_ceiling_share, bytes_ceiling_share FROM profile_kernel ORDER BY total_ns DESC"),
            (Rows{"gemm|kernel|2|300|150|0.7895|1e+10|2e+10|0.5|0.5", "relu|kernel|2|60|30|0.1579|-|-|-|-",
                  "gate|kernel|1|20|20|0.0526|-|-|-|-"}));
}

TEST(ProfileViews, LaunchGap) {
  const ProfiledExample example;
  EXPECT_EQ(rows_of(example,
                    "SELECT block, begin_ns, gap_ns FROM profile_launch_gap JOIN activity ON activity.id = activity "
                    "ORDER BY begin_ns"),
            (Rows{"0|270|20", "1|700|0"}));  // the second began before its predecessor had ended
}

TEST(ProfileViews, Carried) {
  const ProfiledExample example;
  // block 0: 2 of 8 rows had left; block 1: 6 of 8
  EXPECT_EQ(
      rows_of(example, "SELECT block, activity_ns, carried_ns, carried_share FROM profile_carried ORDER BY block"),
      (Rows{"0|130|32.5|0.25", "1|230|172.5|0.75"}));
}

TEST(ProfileViews, Attribution) {
  const ProfiledExample example;
  // 380 ns known by id, 120 ns by time, 50 ns unknown; the overhead does not count
  EXPECT_EQ(rows_of(example,
                    "SELECT cell, attribution, activity_count, activity_ns, round(run_share, 4), cell_share FROM "
                    "profile_attribution ORDER BY attribution"),
            (Rows{"1|external|5|380|0.6909|0.76", "-|none|1|50|0.0909|-", "1|time_overlap|3|120|0.2182|0.24"}));
}

TEST(ProfileViews, Probe) {
  const ProfiledExample example;
  EXPECT_EQ(rows_of(example,
                    "SELECT activity_ns, probe_activity_ns, compact_activity_ns, round(activity_share, 4), scope_ns, "
                    "probe_scope_ns, compact_scope_ns, scope_share FROM profile_probe"),
            (Rows{"380|20|0|0.0526|1000|100|0|0.1"}));
}

TEST(ProfileViews, CpuOperatorsAreTheWorkWhereNoGpuWasRecorded) {
  const ProfiledExample example;
  example.store.database().exec("UPDATE profile SET source = 'cpu_operator'");
  EXPECT_EQ(rows_of(example, "SELECT kind, duration_ns FROM profile_work"), (Rows{"cpu_operator|20"}));
}

TEST(ProfileViews, AreEmptyWithoutAProfile) {
  Example example;
  example.add(example_cell("full"));
  for (const char* view : {"profile_work", "profile_time", "profile_kernel", "profile_launch_gap", "profile_carried",
                           "profile_attribution", "profile_probe"}) {
    EXPECT_EQ(rows_of(example, std::string("SELECT count(*) FROM ") + view), (Rows{"0"})) << view;
  }
}

TEST(ProfileViews, InstantActivitiesDivideByNothing) {
  Example example;
  const std::int64_t cell = example.add(example_cell("full"));
  ProfileRow profile{.device_name = "CPU", .strings = {"noop"}};
  profile.scopes = {
      {.id = 1, .phase = ScopePhase::kBlock, .cell = cell, .rows = 0, .rows_inside = 0, .begin_ns = 5, .end_ns = 5}};
  profile.activities = {{.attribution = kExternal, .scope = 1, .begin_ns = 5, .end_ns = 5, .flops = 10}};
  example.store.put_profile(example.run, profile);
  EXPECT_EQ(rows_of(example, "SELECT calls, share, flops_per_s FROM profile_kernel"), (Rows{"1|-|-"}));
  EXPECT_EQ(rows_of(example, "SELECT count(*) FROM profile_carried"), (Rows{"0"}));
  EXPECT_EQ(rows_of(example, "SELECT run_share FROM profile_attribution"), (Rows{"-"}));
  EXPECT_EQ(rows_of(example, "SELECT activity_share, scope_share FROM profile_probe"), (Rows{"-|-"}));
}

}  // namespace
}  // namespace diffbench::results
