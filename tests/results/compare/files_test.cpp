// Choosing runs of files, and several files as one.
#include <gmock/gmock.h>

#include <fstream>

#include "results/compare/run_choice.h"
#include "results/estimates.h"
#include "results/merge.h"
#include "results/sql.h"
#include "tests/results/example.h"

namespace diffbench::results {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

// a finished run of two cells with timings, a profile's strings and everything that has ids
std::int64_t add_run(const fs::path& file, const std::string& started, std::int64_t ns,
                     const std::string& sha = "1a2b3c") {
  Store store = Store::open_or_create(file);
  RunRow row = example_run();
  row.started_utc = started;
  row.git_sha = sha;
  const auto run = store.begin_run(row);
  store.put_machine(
      run, {.host = "here", .cpu_model = "a", .core_count = 2, .memory_bytes = 1 << 30, .usable_core_count = 2});
  store.put_rank(run, {.rank = 0, .host = "here", .device = "cpu", .pid = 1});
  std::vector<CellRow> cells = {example_cell("exit", CellRole::kMethod, 1, "full"),
                                example_cell("full", CellRole::kBaseline)};
  for (auto& cell : cells) cell.identity = "id of " + cell.key;
  const auto ids = store.add_cells(run, cells);
  std::vector<TimingRow> timings;
  for (const auto id : ids) {
    for (int round = 0; round < 8; ++round) {
      timings.push_back(
          {.cell = id, .round = round, .duration_ns = ns + round + (id == ids[0] ? 10 : 20), .samples = 5});
    }
  }
  store.add_timings(timings);
  ProfileRow profile{.rank = 0, .device_name = "cpu", .process_id = 1};
  profile.strings = {"gemm of " + started, "shared"};
  profile.scopes = {
      {.id = 1, .name = 0, .phase = ScopePhase::kSampling, .cell = ids[0], .begin_ns = 1, .end_ns = 9},
      {.id = 2, .parent = 1, .name = 1, .phase = ScopePhase::kBlock, .cell = ids[0], .begin_ns = 2, .end_ns = 8}};
  profile.activities = {{.attribution = Attribution::kExternal, .name = 1, .scope = 2, .begin_ns = 3, .end_ns = 4}};
  store.put_profile(run, profile);
  for (const auto id : ids) store.set_cell_status(id, CellStatus::kOk);
  store.finish_run(run, true);
  return run;
}

std::string told(const std::function<void()>& work) {
  try {
    work();
  } catch (const DatabaseError& error) {
    return error.what();
  }
  return "nothing was wrong";
}

// every row of a run, without the ids that a file gives
std::string content(const fs::path& file) {
  const Store store = Store::open_read_only(file);
  std::string text;
  SQLite::Statement row(store.database(),
                        "SELECT run.uid, run.started_utc, cell.key, base.key, round, duration_ns FROM run JOIN cell ON "
                        "cell.run = run.id JOIN timing ON timing.cell = cell.id LEFT JOIN cell AS base ON base.id = "
                        "cell.baseline_cell ORDER BY run.id, cell.id, round");
  while (row.executeStep()) {
    for (int column = 0; column < row.getColumnCount(); ++column) text += row.getColumn(column).getString() + " ";
    text += "\n";
  }
  SQLite::Statement scope(store.database(),
                          "SELECT run.uid, cell.key, string.value, outer_name.value FROM scope JOIN run ON run.id = "
                          "scope.run JOIN cell ON cell.id = scope.cell JOIN string ON string.id = scope.name LEFT JOIN "
                          "scope AS parent ON parent.id = scope.parent LEFT JOIN string AS outer_name ON outer_name.id "
                          "= parent.name ORDER BY scope.id");
  while (scope.executeStep()) {
    for (int column = 0; column < scope.getColumnCount(); ++column) text += scope.getColumn(column).getString() + " ";
    text += "\n";
  }
  return text;
}

class FilesTest : public testing::Test {
 protected:
  fs::path path(const std::string& name) const { return folder_.file(name); }
  TemporaryFolder folder_{};
};

TEST_F(FilesTest, ARunIsChosenByNumberWordOrCommit) {
  add_run(path("a.db"), "2026-01-01T00:00:00Z", 100, "aaaa");
  add_run(path("a.db"), "2026-01-02T00:00:00Z", 100, "bbbb");
  const std::string file = path("a.db").string();
  EXPECT_EQ(choose_run(file).run, 2);
  EXPECT_EQ(choose_run(file + "@1").run, 1);
  EXPECT_EQ(choose_run(file + "@latest").run, 2);
  EXPECT_EQ(choose_run(file + "@git:aa").run, 1);
  EXPECT_THAT(told([&] { choose_run(file + "@7"); }), HasSubstr("a.db: no run 7"));
  EXPECT_THAT(told([&] { choose_run(file + "@git:cccc"); }), HasSubstr("holds no run of commit cccc"));
  EXPECT_THAT(told([&] { choose_run(file + "@git:it's"); }), HasSubstr("expected the hexadecimal start of a commit"));
  EXPECT_THAT(told([&] { choose_run(file + "@newest"); }), HasSubstr("expected the number of a run, latest, or git:"));
  EXPECT_THAT(told([&] { choose_run(path("none.db").string()); }), HasSubstr("no such file"));
}

TEST_F(FilesTest, ARunThatNeverFinishedIsRefused) {
  {
    Store store = Store::open_or_create(path("a.db"));
    store.begin_run(example_run());
  }
  const auto choice = choose_run(path("a.db").string());
  EXPECT_THAT(told([&] { read_run(choice.store, choice.run); }), HasSubstr("was never finished"));
}

TEST_F(FilesTest, TheMedianOfTheLastRunsIsNoBadDay) {
  int day = 1;
  for (const std::int64_t ns : {1000, 9000, 1010, 5000, 990, 1020}) {
    add_run(path("history.db"), "2026-01-0" + std::to_string(day++) + "T00:00:00Z", ns);
  }
  add_run(path("new.db"), "2026-01-06T12:00:00Z", 1000);
  for (const char* file : {"history.db", "new.db"}) {
    Store store = Store::open_or_create(path(file));
    recompute_estimates(store);
  }
  const Store store = Store::open_read_only(path("new.db"));
  const MeasuredRun newest = read_run(store, 1);
  EXPECT_EQ(median_of_last(path("history.db").string(), 4, newest).id, 3)
      << "of 1010, 5000, 990, 1020 the lower middle";
  EXPECT_EQ(median_of_last(path("history.db").string(), 1, newest).id, 6);
  EXPECT_THAT(told([&] { median_of_last(path("new.db").string(), 3, newest); }),
              HasSubstr("no earlier run of suite demo"));
}

TEST_F(FilesTest, MergingTakesEachRunOnceWhateverTheOrder) {
  add_run(path("a.db"), "2026-01-02T00:00:00Z", 100);
  add_run(path("b.db"), "2026-01-01T00:00:00Z", 200);
  add_run(path("b.db"), "2026-01-03T00:00:00Z", 300);
  const auto first = merge_files({path("a.db"), path("b.db")}, path("ab.db"));
  EXPECT_EQ(first.runs, 3);
  EXPECT_EQ(first.repeated, 0);
  const auto second = merge_files({path("b.db"), path("a.db"), path("b.db")}, path("ba.db"));
  EXPECT_EQ(second.runs, 3);
  EXPECT_EQ(second.repeated, 2);
  EXPECT_EQ(content(path("ab.db")), content(path("ba.db")));
  EXPECT_THAT(content(path("ab.db")), HasSubstr("exit full 0 110"));
  const std::string before = content(path("ab.db"));
  merge_files({path("a.db")}, path("ab.db"));  // into what is there
  EXPECT_EQ(content(path("ab.db")), before);
}

TEST_F(FilesTest, OfTwoCopiesTheFinishedOneIsTaken) {
  add_run(path("a.db"), "2026-01-02T00:00:00Z", 100);
  fs::copy_file(path("a.db"), path("old.db"));
  {
    Store store = Store::open_or_create(path("old.db"));
    store.database().exec("UPDATE run SET status = 'running', finished_utc = NULL; DELETE FROM timing WHERE round > 3");
  }
  merge_files({path("old.db"), path("a.db")}, path("out.db"));
  EXPECT_EQ(content(path("out.db")), content(path("a.db")));
}

TEST_F(FilesTest, PairsOfRunsStayPairs) {
  add_run(path("a.db"), "2026-01-02T00:00:00Z", 100);
  add_run(path("b.db"), "2026-01-01T00:00:00Z", 100);
  merge_files({path("a.db"), path("b.db")}, path("pair.db"));
  {
    Store store = Store::open_or_create(path("pair.db"));
    store.put_pairing(1, 2);
  }
  add_run(path("c.db"), "2025-01-01T00:00:00Z", 100);
  merge_files({path("pair.db"), path("c.db")}, path("out.db"));
  const Store store = Store::open_read_only(path("out.db"));
  EXPECT_TRUE(store.are_paired(2, 3));
  EXPECT_FALSE(store.are_paired(1, 2));
}

TEST_F(FilesTest, WhatIsNoResultsFileIsNamedAndNothingIsWritten) {
  add_run(path("a.db"), "2026-01-02T00:00:00Z", 100);
  std::ofstream(path("text.db")) << "hello, this is no database but a text that is long enough to be looked at";
  EXPECT_THAT(told([&] { merge_files({path("a.db"), path("text.db")}, path("out.db")); }), HasSubstr("text.db"));
  fs::copy_file(path("a.db"), path("cut.db"));
  fs::resize_file(path("cut.db"), fs::file_size(path("cut.db")) / 2);
  EXPECT_THAT(told([&] { merge_files({path("a.db"), path("cut.db")}, path("out.db")); }), HasSubstr("cut.db"));
  EXPECT_FALSE(fs::exists(path("out.db")));
  EXPECT_EQ(std::distance(fs::directory_iterator(path("a.db").parent_path()), {}), 3) << "no temporary file is left";
}

}  // namespace
}  // namespace diffbench::results
