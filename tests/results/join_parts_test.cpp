// What merging makes of parts of a run: tests/end_to_end/parts_test.py holds the values against a run made whole.
#include "results/join_parts.h"

#include <gmock/gmock.h>

#include "results/sql.h"
#include "tests/results/example.h"

namespace diffbench::results {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class JoinPartsTest : public ::testing::Test {
 protected:
  // part `part` of `count` with one judged cell; shards part - 1, part - 1 + count, ... of six
  std::int64_t add(int part, int count, const std::string& fingerprint = "f00d") {
    const auto run = store_.begin_run(example_run());
    store_.put_part(run, {.part = part, .part_count = count, .host = "host " + std::to_string(part)});
    auto row = example_cell("full", CellRole::kBaseline);
    row.model_fingerprint = fingerprint;
    const auto cell = store_.add_cells(run, std::vector{row}).front();
    store_.put_extractors(run, std::vector{ExtractorRow{.place = 1, .name = "small", .to_uint8 = "round"}});
    store_.set_judgement(cell, {.owner = cell});
    for (int shard = part - 1; shard < 6; shard += count) {
      store_.add_feature_shard({.cell = cell,
                                .extractor = 1,
                                .shard = shard,
                                .first_sample = shard,
                                .sample_count = 1,
                                .width = 1,
                                .features = {static_cast<float>(shard)},
                                .sample_checksum = "00"});
    }
    store_.add_to_sampling_work(
        std::vector{SamplingWorkRow{.cell = cell, .batch_count = 6 / count, .sample_count = 6 / count}});
    store_.set_cell_status(cell, CellStatus::kOk);
    store_.finish_run(run, true);
    return run;
  }

  std::string told() {
    try {
      join_parts(store_, {});
    } catch (const DatabaseError& error) {
      return error.what();
    }
    return "nothing was wrong";
  }

  std::vector<std::string> texts(const std::string& sql) {
    std::vector<std::string> found;
    SQLite::Statement row(store_.database(), sql);
    while (row.executeStep()) found.push_back(row.getColumn(0).getString());
    return found;
  }

  Store store_ = Store::open_or_create(":memory:");
};

TEST_F(JoinPartsTest, TheLowestPartGetsTheSamplesOfAll) {
  add(3, 3);
  add(1, 3);
  add(2, 3);
  const auto uids = texts("SELECT uid FROM run ORDER BY id");
  const auto joining = join_parts(store_, {});
  ASSERT_EQ(joining.joined.size(), 1U);
  EXPECT_EQ(joining.joined[0].run, 2);
  EXPECT_THAT(joining.joined[0].missing, IsEmpty());
  EXPECT_EQ(joining.runs, 1);
  EXPECT_THAT(texts("SELECT uid FROM run"), ElementsAre(uids[1] + "+1.2.3"));
  EXPECT_THAT(texts("SELECT shard FROM feature_shard ORDER BY shard"), ElementsAre("0", "1", "2", "3", "4", "5"));
  EXPECT_THAT(texts("SELECT batch_count FROM sampling_work"), ElementsAre("6"));
  EXPECT_THAT(texts("SELECT uid FROM part ORDER BY part"), ElementsAre(uids[1], uids[2], uids[0]));
  EXPECT_THAT(texts("SELECT host FROM part ORDER BY part"), ElementsAre("host 1", "host 2", "host 3"));
  EXPECT_THAT(join_parts(store_, {}).joined, IsEmpty());  // it is whole
}

TEST_F(JoinPartsTest, SomePartsCanBeJoinedBeforeTheOthersCome) {
  add(2, 3);
  add(3, 3);
  EXPECT_THAT(join_parts(store_, {}).joined.at(0).missing, ElementsAre(1));
  const auto first = add(1, 3);
  const auto joining = join_parts(store_, {});
  EXPECT_THAT(joining.joined.at(0).missing, IsEmpty());
  EXPECT_EQ(joining.joined.at(0).run, first);  // the one with the times
  EXPECT_EQ(store_.database().execAndGet("SELECT count(*) FROM feature_shard").getInt(), 6);
  EXPECT_EQ(store_.database().execAndGet("SELECT count(*) FROM run").getInt(), 1);
}

TEST_F(JoinPartsTest, APartThatAJoinedRunHasIsLeftOut) {
  add(1, 2);
  const auto second = add(2, 2);
  const auto uid = texts("SELECT uid FROM run WHERE id = " + std::to_string(second)).front();
  join_parts(store_, {});
  const auto copy = add(2, 2);
  SQLite::Statement same(store_.database(), "UPDATE part SET uid = ? WHERE run = ?");
  execute(same, std::string_view(uid), copy);
  const auto joining = join_parts(store_, {});
  EXPECT_EQ(joining.repeated, 1);
  EXPECT_EQ(joining.runs, 1);
  // another execution's second part is no copy, and waits for its first
  add(2, 2);
  EXPECT_THAT(join_parts(store_, {}).joined.at(0).missing, ElementsAre(1));
  EXPECT_EQ(store_.database().execAndGet("SELECT count(*) FROM run").getInt(), 2);
}

TEST_F(JoinPartsTest, WhatDiffersIsNamed) {
  add(1, 2);
  add(2, 2, "another");
  EXPECT_THAT(told(), HasSubstr("part 2 of 2: belongs to another run than"));
  EXPECT_THAT(told(), HasSubstr("full: model_fingerprint is another instead of f00d"));
  EXPECT_EQ(store_.database().execAndGet("SELECT count(*) FROM run").getInt(), 2);  // nothing was touched
}

TEST_F(JoinPartsTest, TwoExecutionsAtOnceAreRefused) {
  add(1, 2);
  add(2, 2);
  add(2, 2);
  EXPECT_THAT(told(), HasSubstr("part 2 of 2 of suite demo is there already, made at another time"));
}

TEST_F(JoinPartsTest, AnUnfinishedPartIsRefused) {
  add(1, 2);
  const auto run = store_.begin_run(example_run());
  store_.put_part(run, {.part = 2, .part_count = 2, .host = "b"});
  EXPECT_THAT(told(), HasSubstr("part 2 of 2 of suite demo has not finished"));
}

TEST_F(JoinPartsTest, WhatFailedInOnePartHasFailed) {
  add(1, 2);
  const auto run = add(2, 2);
  const auto cell = store_.cells(run).front().id;
  store_.set_cell_status(cell, CellStatus::kFailed, "quality: samples are not finite");
  store_.finish_run(run, false);
  const auto joined = join_parts(store_, {}).joined.at(0).run;
  const auto stored = store_.cells(joined).front();
  EXPECT_EQ(stored.status, CellStatus::kFailed);
  EXPECT_EQ(stored.reason, "part 2 of 2: quality: samples are not finite");
  EXPECT_THAT(texts("SELECT status FROM run"), ElementsAre("failed"));
}

// a part beyond the first times nothing, so what fails while it is timed fails in the first alone, before it is judged
TEST_F(JoinPartsTest, WhatFailedBeforeItWasJudgedIsNoOtherRun) {
  const auto first = add(1, 2);
  add(2, 2);
  const auto cell = store_.cells(first).front().id;
  SQLite::Statement never(store_.database(), "UPDATE cell SET judged_as = NULL, class_count = NULL WHERE id = ?");
  execute(never, cell);
  store_.set_cell_status(cell, CellStatus::kFailed, "samples are not finite");
  store_.finish_run(first, false);
  EXPECT_THAT(join_parts(store_, {}).joined.at(0).missing, IsEmpty());
  EXPECT_EQ(store_.cells(first).front().status, CellStatus::kFailed);
}

TEST_F(JoinPartsTest, RunsMadeWholeStayAsTheyAre) {
  const auto run = store_.begin_run(example_run());
  store_.finish_run(run, true);
  add(1, 2);
  EXPECT_EQ(join_parts(store_, {}).runs, 2);
}

}  // namespace
}  // namespace diffbench::results
