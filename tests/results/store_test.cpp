#include "results/store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <sstream>

#include "results/schema.h"
#include "tests/results/example.h"

namespace diffbench::results {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

std::string error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const DatabaseError& error) {
    return error.what();
  }
  return "no error";
}

std::string bytes_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  return names;
}

// `work` ends with die(), as by kill -9: nothing is unwound, nothing flushed.
void die() { ::kill(::getpid(), SIGKILL); }
void in_killed_process(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    work();
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
}

TEST(StoreFile, IsCreatedWholeAndOpenedAgain) {
  const TemporaryFolder folder;
  const fs::path path = folder.file("results.db");
  std::int64_t run = 0;
  {
    Store store = Store::open_or_create(path);
    run = store.begin_run(example_run());
  }
  EXPECT_THAT(names_in(path.parent_path()), ElementsAre("results.db"));
  EXPECT_EQ(Store::open_or_create(path).latest_run(), run);
  const Store store = Store::open_read_only(path);
  EXPECT_EQ(store.run(run).suite_name, "demo");
  EXPECT_EQ(store.run(run).seed, 7);
  EXPECT_THAT(store.run(run).started_utc, HasSubstr("T"));
}

TEST(StoreFile, EmptyFileBecomesADatabase) {
  const TemporaryFolder folder;
  const fs::path path = folder.file("made_by_mktemp.db");
  std::ofstream(path).close();
  EXPECT_EQ(Store::open_or_create(path).latest_run(), std::nullopt);
  EXPECT_EQ(Store::open_read_only(path).latest_run(), std::nullopt);
}

TEST(StoreFile, NewerVersionIsRefusedAndUntouched) {
  const TemporaryFolder folder;
  const fs::path path = folder.file("results.db");
  Store::open_or_create(path).database().exec("PRAGMA user_version = " + std::to_string(kSchemaVersion + 1));
  const std::string before = bytes_of(path);
  const std::string expected = path.string() + ": schema version " + std::to_string(kSchemaVersion + 1) +
                               " is newer than this program's " + std::to_string(kSchemaVersion);
  EXPECT_THAT(error_of([&] { Store::open_or_create(path); }), StartsWith(expected));
  EXPECT_THAT(error_of([&] { Store::open_read_only(path); }), AllOf(StartsWith(expected), Not(HasSubstr("\n"))));
  EXPECT_EQ(bytes_of(path), before);
}

TEST(StoreFile, OlderVersionIsRefused) {
  const TemporaryFolder folder;
  const fs::path path = folder.file("results.db");
  Store::open_or_create(path).database().exec("PRAGMA user_version = 0");
  EXPECT_THAT(error_of([&] { Store::open_read_only(path); }), HasSubstr("schema version 0 is older"));
}

TEST(StoreFile, OtherFilesAreRefusedAndUntouched) {
  const TemporaryFolder folder;
  const fs::path text = folder.file("suite.toml");
  std::ofstream(text)
      << "[suite]\nname = 'this is a text file, and long enough to hold a database header of 100 bytes'";
  const std::string before = bytes_of(text);
  EXPECT_THAT(error_of([&] { Store::open_or_create(text); }),
              StartsWith(text.string() + ": not a results file of diffbench"));
  EXPECT_EQ(bytes_of(text), before);

  const fs::path foreign = folder.file("browser.db");
  SQLite::Database(foreign.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec("CREATE TABLE history (url)");
  EXPECT_THAT(error_of([&] { Store::open_or_create(foreign); }), HasSubstr("not a results file of diffbench"));

  EXPECT_THAT(error_of([&] { Store::open_or_create(folder.file(".")); }), HasSubstr("not a file"));
}

TEST(StoreFile, TruncatedFileIsAnErrorNotACrash) {
  const TemporaryFolder folder;
  const fs::path path = folder.file("results.db");
  Store::open_or_create(path).begin_run(example_run());
  fs::resize_file(path, fs::file_size(path) / 2);
  EXPECT_THAT(error_of([&] { Store::open_read_only(path).latest_run(); }), StartsWith(path.string() + ": "));
}

TEST(StoreFile, MissingAndUncreatableFilesAreNamed) {
  const TemporaryFolder folder;
  const fs::path missing = folder.file("missing.db");
  EXPECT_EQ(error_of([&] { Store::open_read_only(missing); }), missing.string() + ": no such file");
  EXPECT_FALSE(fs::exists(missing));
  const fs::path nowhere = folder.file("no_folder") / "results.db";
  EXPECT_EQ(error_of([&] { Store::open_or_create(nowhere); }), nowhere.string() + ": cannot be opened");
}

TEST(StoreFile, ReadOnlyStoreDoesNotWrite) {
  const TemporaryFolder folder;
  const fs::path path = folder.file("results.db");
  Store::open_or_create(path);
  Store store = Store::open_read_only(path);
  EXPECT_EQ(error_of([&] { store.begin_run(example_run()); }), path.string() + ": not writable");
}

TEST(StoreFile, SecondWriterIsToldWhileARoundIsWritten) {
  const TemporaryFolder folder;
  const fs::path path = folder.file("results.db");
  Store first = Store::open_or_create(path);
  Store second = Store::open_or_create(path);
  second.database().setBusyTimeout(1);
  {
    const Transaction round(first);
    EXPECT_EQ(error_of([&] { second.begin_run(example_run()); }), path.string() + ": locked by another program");
  }
  EXPECT_EQ(second.begin_run(example_run()), 1);
}

TEST(StoreTransaction, ExceptionTakesTheWholeRoundBack) {
  Example example;
  const std::int64_t cell = example.add(example_cell("full"));
  const auto failing_round = [&] {
    const Transaction round(example.store);
    example.time(cell, 0, 0, {100});
    example.store.put_trace(cell, {.block_count = 13, .flops_full = 10, .samples = 5});
    throw std::runtime_error("a rank died");
  };
  EXPECT_THROW(failing_round(), std::runtime_error);
  EXPECT_THAT(example.store.timings(cell), IsEmpty());
  EXPECT_FALSE(example.store.trace(cell));

  Transaction round(example.store);
  example.time(cell, 0, 0, {100});
  round.commit();
  EXPECT_THAT(example.store.completed_rounds(cell), ElementsAre(0));
}

TEST(StoreTransaction, FailedMethodLeavesTheRestOfTheRound) {
  Example example;
  const std::int64_t cell = example.add(example_cell("full"));
  Transaction round(example.store);
  example.time(cell, 0, 0, {100});
  EXPECT_THROW(example.time(cell, 1, 0, {100, 0}), DatabaseError);  // the second row is refused, so is the first
  round.commit();
  EXPECT_THAT(example.store.completed_rounds(cell), ElementsAre(0));
  EXPECT_EQ(example.store.timings(cell).size(), 1U);
}

TEST(StoreTransaction, TransactionsDoNotNest) {
  Example example;
  const Transaction outer(example.store);
  EXPECT_THROW(Transaction inner(example.store), DatabaseError);
}

TEST(StoreTransaction, KilledProcessLosesOnlyTheRoundInFlight) {
  const TemporaryFolder folder;
  const fs::path path = folder.file("results.db");
  in_killed_process([&] {
    Store store = Store::open_or_create(path);
    const std::int64_t cell =
        store.add_cells(store.begin_run(example_run()), std::vector{example_cell("full")}).front();
    store.add_timings(std::vector<TimingRow>{{.cell = cell, .round = 0, .duration_ns = 100, .samples = 5}});
    store.database().exec("PRAGMA cache_size = 1");  // so that half of the round is already in the file
    const Transaction round(store);
    for (int repetition = 0; repetition < 2000; ++repetition) {
      store.add_timings(std::vector<TimingRow>{
          {.cell = cell, .round = 1, .repetition = repetition, .duration_ns = 100, .samples = 5}});
    }
    die();
  });
  ASSERT_TRUE(fs::exists(path.string() + "-journal"));
  const Store store = Store::open_read_only(path);
  EXPECT_EQ(store.find_unfinished_run("abc"), 1);
  EXPECT_THAT(store.completed_rounds(1), ElementsAre(0));
}

TEST(StoreFile, KilledCreationLeavesNoFile) {
  const TemporaryFolder folder;
  const fs::path path = folder.file("results.db");
  std::ofstream(path.string() + ".creating-1") << "left by a program that was killed while it created the file";
  EXPECT_EQ(Store::open_or_create(path).latest_run(), std::nullopt);
}

TEST(StoreResume, FindsTheLatestUnfinishedRunOfTheSuite) {
  Example example;
  const std::int64_t later = example.store.begin_run(example_run());
  EXPECT_EQ(example.store.find_unfinished_run("abc"), later);
  EXPECT_EQ(example.store.find_unfinished_run("another suite"), std::nullopt);
  example.store.finish_run(later, true);
  EXPECT_EQ(example.store.find_unfinished_run("abc"), example.run);
  example.store.finish_run(example.run, false);
  EXPECT_EQ(example.store.find_unfinished_run("abc"), std::nullopt);
  EXPECT_THROW(example.store.finish_run(99, true), DatabaseError);
}

TEST(StoreResume, CellsComeBackAsTheyWentIn) {
  Example example;
  const std::vector<CellRow> rows = {example_cell("exit", CellRole::kMethod, 2, "full"),
                                     example_cell("full", CellRole::kBaseline, 2),
                                     example_cell("null", CellRole::kNull, 2, "full")};
  const std::vector<std::int64_t> ids = example.store.add_cells(example.run, rows);
  example.store.set_cell_status(ids[0], CellStatus::kOk);
  example.store.set_cell_status(ids[2], CellStatus::kFailed, "not finite");
  const std::vector<StoredCell> cells = example.store.cells(example.run);
  ASSERT_EQ(cells.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(cells[i].id, ids[i]);
    EXPECT_EQ(cells[i].row.key, rows[i].key);
    EXPECT_EQ(cells[i].row.role, rows[i].role);
    EXPECT_EQ(cells[i].row.baseline_key, rows[i].baseline_key);
    EXPECT_EQ(cells[i].row.steps, 20);
    EXPECT_EQ(cells[i].row.ranks, 2);
    EXPECT_EQ(cells[i].row.scenario, "offline");
  }
  EXPECT_EQ(cells[0].status, CellStatus::kOk);
  EXPECT_EQ(cells[1].status, CellStatus::kPending);
  EXPECT_EQ(cells[2].status, CellStatus::kFailed);
  EXPECT_EQ(cells[2].reason, "not finite");
}

TEST(StoreResume, RoundOfDiscardedTimingsIsNotMeasuredAgain) {
  Example example;
  const std::int64_t cell = example.add(example_cell("full"));
  example.store.add_timings(std::vector<TimingRow>{
      {.cell = cell, .round = 4, .duration_ns = 100, .samples = 5, .discard_reason = "throttled"}});
  EXPECT_THAT(example.store.completed_rounds(cell), ElementsAre(4));
}

TEST(StoreResume, UnknownBaselineAddsNoCell) {
  Example example;
  EXPECT_THAT(error_of([&] {
                example.store.add_cells(example.run, std::vector{example_cell("full", CellRole::kBaseline),
                                                                 example_cell("exit", CellRole::kMethod, 1, "ful")});
              }),
              HasSubstr("cell 'exit': no baseline cell 'ful'"));
  EXPECT_THAT(example.store.cells(example.run), IsEmpty());
}

TEST(StoreResume, FeatureShardsKeepEveryBit) {
  Example example;
  const std::int64_t cell = example.add(example_cell("full"));
  const FeatureShardRow shard = {.cell = cell,
                                 .shard = 1,
                                 .first_sample = 64,
                                 .sample_count = 2,
                                 .width = 2,
                                 .features = {0.1F, -1e30F, 1.0F / 3, 1e-45F},
                                 .logits = {1, 2, 3, 4, 5, -6},
                                 .sample_checksum = "1f"};
  FeatureShardRow other = shard;
  other.extractor = 2;
  other.shard = 7;
  example.store.add_feature_shard(shard);
  example.store.add_feature_shard(other);
  EXPECT_THAT(example.store.completed_shards(cell), ElementsAre(1));
  const auto shards = example.store.feature_shards(cell, 1);
  ASSERT_EQ(shards.size(), 1U);
  EXPECT_EQ(example.store.shard_numbers(cell, 1, 1, ShardNumbers::kFeatures), shard.features);
  EXPECT_EQ(example.store.shard_numbers(cell, 1, 1, ShardNumbers::kLogits), shard.logits);
  EXPECT_THAT(example.store.shard_numbers(cell, 1, 1, ShardNumbers::kSpatial), IsEmpty());
  EXPECT_EQ(shards[0].width, 2);
  EXPECT_EQ(shards[0].first_sample, 64);
  EXPECT_EQ(shards[0].sample_checksum, "1f");
}

TEST(StoreResume, WhatIsLeftOfRowsAndPixels) {
  Example example;
  const std::int64_t cell = example.add(example_cell("full"));
  example.store.add_feature_shard(
      {.cell = cell, .sample_count = 2, .width = 1, .features = {1, 2}, .sample_checksum = "a"});
  example.store.add_image_shard(
      {.cell = cell, .sample_count = 2, .channels = 1, .height = 1, .width = 2, .pixels = {0, 255, 7, 8}});
  EXPECT_THAT(example.store.shard_pixels(cell, 0), ElementsAre(0, 255, 7, 8));
  EXPECT_EQ(example.store.image_shards(cell).at(0).width, 2);
  const FeatureStatisticsRow statistics{
      .cell = cell, .sample_count = 2, .mean = {1.5}, .covariance = {0.5}, .sample_checksum = "a"};
  example.store.put_feature_statistics(statistics);
  example.store.drop_feature_shards(cell);
  example.store.drop_image_shards(cell);
  EXPECT_THAT(example.store.feature_shards(cell, 1), IsEmpty());
  EXPECT_THAT(example.store.image_shards(cell), IsEmpty());
  EXPECT_EQ(example.store.feature_statistics(cell, 1)->covariance, statistics.covariance);
  EXPECT_FALSE(example.store.feature_statistics(cell, 2));
}

TEST(StoreResume, MachineAndRankAreRenewed) {
  Example example;
  for (const int pid : {100, 200}) {
    example.store.put_machine(example.run, {.host = "a", .core_count = 2, .load_average_1min = pid / 100.0});
    example.store.put_rank(example.run, {.rank = 0, .host = "a", .device = "cpu", .pid = pid});
  }
  SQLite::Database& database = example.store.database();
  EXPECT_EQ(database.execAndGet("SELECT count(*) || ' ' || max(load_average_1min) FROM machine").getString(), "1 2.0");
  EXPECT_EQ(database.execAndGet("SELECT count(*) || ' ' || max(pid) FROM rank").getString(), "1 200");
  EXPECT_THROW(example.store.put_rank(example.run, {.rank = 1, .host = "b", .device = "cpu"}), DatabaseError);
}

}  // namespace
}  // namespace diffbench::results
