// Profiles in, the same rows out; and what is refused.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>

#include "results/estimates.h"
#include "tests/results/example.h"

namespace diffbench::results {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A scope with a nested one, and an activity in each, the later one first.
ProfileRow example_profile(std::int64_t cell, int rank = 0) {
  return {
      .rank = rank,
      .source = "cpu_operator",
      .device_name = "a CPU",
      .with_shapes = true,
      .process_id = 42,
      .dropped_count = 3,
      .realtime_ns = 1'000,
      .monotonic_ns = 7,
      .strings = {"evaluation", "block", "aten::addmm", "[5, 4]"},
      .scopes = {{.id = 2,
                  .parent = 1,
                  .name = 1,
                  .phase = ScopePhase::kBlock,
                  .thread = 9,
                  .cell = cell,
                  .step = 0,
                  .evaluation = 0,
                  .t = 999.5,
                  .block = 0,
                  .rows = 5,
                  .rows_inside = 4,
                  .begin_ns = 110,
                  .end_ns = 190},
                 {.id = 1, .name = 0, .phase = ScopePhase::kEvaluation, .thread = 9, .begin_ns = 100, .end_ns = 200}},
      .activities = {{.attribution = Attribution::kExternal,
                      .name = 2,
                      .scope = 2,
                      .thread = 9,
                      .begin_ns = 150,
                      .end_ns = 160,
                      .shapes = 3,
                      .flops = 40,
                      .moved_bytes = 80},
                     {.kind = ActivityKind::kCopy,
                      .name = 2,
                      .stream = 7,
                      .correlation_id = 5,
                      .begin_ns = 120,
                      .end_ns = 121,
                      .size_bytes = 64}}};
}

std::string text_of(const Example& example, const std::string& sql) {
  return example.store.database().execAndGet(sql).getString();
}

std::string error_of(Example& example, const ProfileRow& profile) {
  try {
    example.store.put_profile(example.run, profile);
  } catch (const DatabaseError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ProfileStore, KeepsEveryColumn) {
  Example example;
  const std::int64_t cell = example.add(example_cell("full"));
  example.store.put_profile(example.run, example_profile(cell));
  EXPECT_EQ(text_of(example,
                    "SELECT concat FROM (SELECT run || ' ' || rank || ' ' || process_id || ' ' || source || ' ' || "
                    "(source_reason IS NULL) || ' ' || device_name || ' ' || with_shapes || ' ' || dropped_count || "
                    "' ' || realtime_ns || ' ' || monotonic_ns AS concat FROM profile)"),
            "1 0 42 cpu_operator 1 a CPU 1 3 1000 7");
  EXPECT_EQ(text_of(example,
                    "SELECT thread || ' ' || parent || ' ' || cell || ' ' || value || ' ' || phase || ' ' || step || "
                    "' ' || evaluation || ' ' || t || ' ' || block || ' ' || rows || ' ' || rows_inside || ' ' || "
                    "begin_ns || ' ' || end_ns FROM scope JOIN string ON string.id = name WHERE scope.id = 2"),
            "9 1 1 block block 0 0 999.5 0 5 4 110 190");
  EXPECT_EQ(text_of(example,
                    "SELECT count(*) FROM scope WHERE id = 1 AND parent IS NULL AND cell IS NULL AND step IS NULL AND "
                    "evaluation IS NULL AND t IS NULL AND block IS NULL AND rows IS NULL AND rows_inside IS NULL"),
            "1");
  EXPECT_EQ(text_of(example,
                    "SELECT activity.id || kind || shape.value || scope || attribution || thread || flops || "
                    "moved_bytes FROM activity JOIN string AS shape ON shape.id = shapes"),
            "2cpu_operator[5, 4]2external940.080.0");  // the second of the file: they lie in the order of their begin
  EXPECT_EQ(text_of(example,
                    "SELECT kind || stream || correlation_id || size_bytes FROM activity WHERE scope IS NULL AND "
                    "thread IS NULL AND graph_node IS NULL AND shapes IS NULL AND flops IS NULL AND id = 1"),
            "copy7564");
}

TEST(ProfileStore, RanksAndPartsGetIdsOfTheirOwn) {
  Example example;
  const std::int64_t cell = example.add(example_cell("full"));
  EXPECT_EQ(example.store.latest_profiled_run(), std::nullopt);
  EXPECT_THROW(example.store.add_to_profile(example.run, example_profile(cell)), DatabaseError);
  example.store.put_profile(example.run, example_profile(cell, 1));
  example.store.put_profile(example.run, example_profile(cell, 0));
  example.store.add_to_profile(example.run, example_profile(cell, 0));
  EXPECT_THAT(example.store.profiled_ranks(example.run), ElementsAre(0, 1));
  EXPECT_EQ(example.store.latest_profiled_run(), example.run);
  EXPECT_EQ(text_of(example, "SELECT count(*) FROM string"), "4");
  EXPECT_EQ(
      text_of(example, "SELECT group_concat(id || '<' || ifnull(parent, '')) FROM (SELECT * FROM scope ORDER BY id)"),
      "1<,2<1,3<,4<3,5<,6<5");
  EXPECT_EQ(text_of(example, "SELECT group_concat(scope) FROM (SELECT * FROM activity ORDER BY id)"), "2,4,6");
  EXPECT_EQ(text_of(example, "SELECT group_concat(dropped_count) FROM (SELECT * FROM profile ORDER BY rank)"), "6,3");
}

// Rows go in by groups, the rest one by one.
TEST(ProfileStore, EveryNumberOfRowsIsKeptInOrder) {
  for (const int count : {1, 31, 32, 33, 64, 65}) {
    Example example;
    ProfileRow profile = example_profile(example.add(example_cell("full")));
    profile.activities.clear();
    std::string expected;
    for (int i = count; i-- > 0;) {  // the latest first
      profile.activities.push_back({.kind = i % 3 == 0 ? ActivityKind::kSet : ActivityKind::kCpuOperator,
                                    .attribution = i % 2 == 0 ? Attribution::kExternal : Attribution::kNone,
                                    .name = static_cast<std::uint32_t>(i % 4),
                                    .scope = i % 2 == 0 ? 1 : kNoNumber,
                                    .begin_ns = 100 + i,
                                    .end_ns = 101 + i,
                                    .size_bytes = i % 5 == 0 ? i : kNoNumber});
    }
    for (int i = 0; i < count; ++i) {
      expected += (i % 3 == 0 ? "set" : "cpu_operator") + std::string(i % 2 == 0 ? " 1 " : " - ") +
                  std::to_string(100 + i) + (i % 5 == 0 ? " " + std::to_string(i) : " -") + ";";
    }
    example.store.put_profile(example.run, profile);
    EXPECT_EQ(text_of(example,
                      "SELECT group_concat(kind || ' ' || ifnull(scope, '-') || ' ' || begin_ns || ' ' || "
                      "ifnull(size_bytes, '-') || ';', '') FROM (SELECT * FROM activity ORDER BY id)"),
              expected);
  }
}

TEST(ProfileStore, PutReplacesAndDeletingTheRunDeletes) {
  Example example;
  const std::int64_t cell = example.add(example_cell("full"));
  for (const int rank : {0, 1, 0}) example.store.put_profile(example.run, example_profile(cell, rank));
  EXPECT_EQ(text_of(example, "SELECT count(*) FROM activity"), "4");
  EXPECT_EQ(text_of(example, "SELECT count(*) FROM scope"), "4");
  example.store.database().exec("DELETE FROM cell");  // scopes of the cell go, with what ran in them
  EXPECT_EQ(text_of(example, "SELECT count(*) FROM activity"), "2");
  example.store.database().exec("DELETE FROM run");
  for (const char* table : {"activity", "scope", "profile"}) {
    EXPECT_EQ(text_of(example, std::string("SELECT count(*) FROM ") + table), "0") << table;
  }
}

TEST(ProfileStore, WrongRowsAreRefusedWhole) {
  Example example;
  const std::int64_t cell = example.add(example_cell("full"));
  const auto refused = [&](auto&& spoil) {
    ProfileRow profile = example_profile(cell);
    spoil(profile);
    return error_of(example, profile);
  };
  EXPECT_THAT(refused([](ProfileRow& profile) { profile.activities[0].scope = 3; }), HasSubstr("scope 3"));
  EXPECT_THAT(refused([](ProfileRow& profile) { profile.scopes[0].parent = 7; }), HasSubstr("no parent 7"));
  EXPECT_THAT(refused([](ProfileRow& profile) { profile.scopes[1].id = 0; }), HasSubstr("not positive"));
  EXPECT_THAT(refused([](ProfileRow& profile) { profile.scopes[0].id = 1; }), HasSubstr("parent"));
  EXPECT_THAT(refused([](ProfileRow& profile) { profile.activities[0].name = 4; }), HasSubstr("string 4 of 4"));
  EXPECT_THAT(refused([](ProfileRow& profile) { profile.activities[0].shapes = 9; }), HasSubstr("string 9"));
  EXPECT_NE(refused([](ProfileRow& profile) { profile.activities[0].end_ns = 0; }), "no error");
  EXPECT_NE(refused([](ProfileRow& profile) { profile.activities[0].scope = kNoNumber; }), "no error");
  EXPECT_NE(refused([](ProfileRow& profile) { profile.scopes[0].rows_inside = 6; }), "no error");
  EXPECT_NE(refused([](ProfileRow& profile) { profile.scopes[0].cell = 99; }), "no error");
  EXPECT_NE(refused([](ProfileRow& profile) { profile.source = "guess"; }), "no error");
  EXPECT_NE(refused([](ProfileRow& profile) {  // in the second group of rows
              profile.activities.resize(80, profile.activities[0]);
              profile.activities[50].end_ns = 0;
            }),
            "no error");
  EXPECT_EQ(text_of(example, "SELECT count(*) FROM profile") + text_of(example, "SELECT count(*) FROM scope") +
                text_of(example, "SELECT count(*) FROM string"),
            "000");
}

TEST(ProfileStore, CeilingsOverheadsAndTelemetry) {
  Example example;
  const std::int64_t cell = example.add(example_cell("full"));
  example.store.put_machine(example.run, {.host = "a"});
  for (const double value : {1e9, 2e9}) {
    example.store.put_ceilings(
        example.run, std::vector<CeilingRow>{{.quantity = "flops_per_s", .precision = "fp32", .value = value}});
  }
  EXPECT_EQ(text_of(example, "SELECT group_concat(value) FROM ceiling"), "2000000000.0");
  const std::vector<ProfileOverheadRow> overheads = {{.mode = "off", .duration_ns = 100},
                                                     {.mode = "nvtx", .duration_ns = 101}};
  const std::vector<ProfileOverheadRow> of_before = {{.mode = "off", .round = 9, .duration_ns = 1},
                                                     {.mode = "nvtx", .round = 9, .duration_ns = 900}};
  example.store.put_profile_overheads(cell, of_before);
  example.store.put_profile_overheads(cell, overheads);  // a resumed run measures again
  example.store.put_profile_overheads(
      cell, std::vector<ProfileOverheadRow>{{.mode = "off", .duration_ns = 100},
                                            {.mode = "nvtx", .duration_ns = 110},
                                            {.mode = "off", .round = 1, .duration_ns = 200},
                                            {.mode = "nvtx", .round = 1, .duration_ns = 200},
                                            {.mode = "nvtx", .round = 1, .rank = 1, .duration_ns = 260}});
  example.store.set_cell_status(cell, CellStatus::kOk);
  const std::vector<EstimateRow> estimates = estimate_run(example.store, example.run);
  ASSERT_EQ(estimates.size(), 1U);
  EXPECT_EQ(estimates[0].metric, "overhead_nvtx");
  EXPECT_DOUBLE_EQ(estimates[0].value, (1.1 + 1.3) / 2);
  EXPECT_EQ(estimates[0].n, 2);
  EXPECT_FALSE(estimates[0].low) << "two rounds";
  const std::vector<TelemetryRow> readings = {{.host = "a", .device = "cpu", .sampled_ns = 5, .power_w = 12.5}};
  example.store.put_telemetry(example.run, std::vector<TelemetryRow>{{.host = "a", .device = "cpu", .sampled_ns = 1}});
  example.store.put_telemetry(example.run, readings);  // in place of those before
  EXPECT_EQ(text_of(example, "SELECT power_w || (clock_hz IS NULL) || sampled_ns FROM telemetry"), "12.515");
  const std::vector<TelemetryRow> elsewhere = {{.host = "b", .device = "cpu", .sampled_ns = 6}};
  EXPECT_THROW(example.store.put_telemetry(example.run, elsewhere), DatabaseError);
}

}  // namespace
}  // namespace diffbench::results
