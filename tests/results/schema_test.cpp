// What the schema itself refuses, whoever writes.
#include "results/schema.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>

#include "results/metrics.h"
#include "tests/results/example.h"

namespace diffbench::results {
namespace {

std::string text_of(const std::string& name) {
  std::ostringstream text;
  text << std::ifstream(std::string(DIFFBENCH_TESTS_DIR) + "/../results/" + name).rdbuf();
  return text.str();
}

int count(const Example& example, const std::string& table) {
  return example.store.database().execAndGet("SELECT count(*) FROM " + table).getInt();
}

TEST(Schema, CompiledTextIsTheFile) {
  EXPECT_EQ(kSchemaSql, text_of("schema.sql") + text_of("schema_profile.sql"));
  EXPECT_EQ(kViewsSql, text_of("views.sql"));
}

TEST(Schema, EveryTableIsStrictAndDescribedInTheReadme) {
  const Example example;
  const std::string readme = text_of("README.md");
  SQLite::Statement tables(example.store.database(),
                           "SELECT name, strict FROM pragma_table_list WHERE type = 'table' AND schema = 'main' "
                           "AND name NOT LIKE 'sqlite_%'");
  int found = 0;
  while (tables.executeStep()) {
    const std::string table = tables.getColumn(0).getString();
    EXPECT_EQ(tables.getColumn(1).getInt(), 1) << table;
    const std::size_t section = readme.find("\n### `" + table + "`");
    ASSERT_NE(section, std::string::npos) << table;
    const std::string description = readme.substr(section, readme.find("\n#", section + 1) - section);
    SQLite::Statement columns(example.store.database(), "SELECT name FROM pragma_table_info(?)");
    columns.bind(1, table);
    while (columns.executeStep()) {
      EXPECT_THAT(description, ::testing::HasSubstr("`" + columns.getColumn(0).getString() + "`")) << table;
    }
    ++found;
  }
  EXPECT_EQ(found, 35);
}

TEST(Schema, DuplicatesAreImpossible) {
  Example example;
  const std::int64_t cell = example.add(example_cell("full"));
  EXPECT_THROW(example.add(example_cell("full")), DatabaseError);
  example.time(cell, 0, 0, {100});
  EXPECT_THROW(example.time(cell, 0, 0, {90}), DatabaseError);
  const FeatureShardRow shard = {.cell = cell, .sample_count = 1, .width = 1, .features = {1}, .sample_checksum = "a"};
  example.store.add_feature_shard(shard);
  EXPECT_THROW(example.store.add_feature_shard(shard), DatabaseError);
  FeatureShardRow same_samples = shard;
  same_samples.shard = 1;
  EXPECT_THROW(example.store.add_feature_shard(same_samples), DatabaseError);
  for (int i = 0; i < 2; ++i) {
    example.store.put_quality({.cell = cell, .metric = "fid", .value = 3.0 - i, .n = 10});
    example.store.put_trace(
        cell, {.samples = 5, .evaluations = {{.t = 999, .rows = 5}}, .exit_counts = {{.block = 3, .rows = 5}}});
    example.store.put_samples(std::vector<SampleRow>{{.cell = cell, .width = 1, .height = 2, .pixels = {0, 255}}});
  }
  for (const char* table : {"cell", "timing", "feature_shard", "quality", "evaluation", "exit_count", "sample"}) {
    EXPECT_EQ(count(example, table), 1) << table;
  }
}

TEST(Schema, WrongRowsAreRefused) {
  Example example;
  const std::int64_t cell = example.add(example_cell("full"));
  const auto timing = [&](std::int64_t duration_ns, std::int64_t samples) {
    example.store.add_timings(std::vector<TimingRow>{{.cell = cell, .duration_ns = duration_ns, .samples = samples}});
  };
  EXPECT_THROW(timing(0, 1), DatabaseError);
  EXPECT_THROW(timing(1, 0), DatabaseError);
  EXPECT_THROW(example.time(cell + 1, 0, 0, {100}), DatabaseError);                       // no such cell
  EXPECT_THROW(example.store.set_cell_status(cell, CellStatus::kFailed), DatabaseError);  // without a reason
  EXPECT_THROW(example.store.set_cell_status(cell + 1, CellStatus::kOk), DatabaseError);
  EXPECT_THROW(example.store.set_cell_stop(cell + 1, "precise"), DatabaseError);
  EXPECT_THROW(example.store.put_trace(cell + 1, {.samples = 1}), DatabaseError);
  EXPECT_THROW(example.store.put_trace(cell, {.samples = 0}), DatabaseError);
  EXPECT_THROW(example.store.put_trace(cell, {.samples = 5, .exit_counts = {{.rows = 5}}}),
               DatabaseError);  // no evaluation
  EXPECT_THROW(example.store.put_quality({.cell = cell, .metric = "fdi", .value = 1, .n = 1}), DatabaseError);
  EXPECT_THROW(example.store.put_quality({.cell = cell, .metric = "fid", .value = std::nan(""), .n = 1}),
               DatabaseError);
  EXPECT_THROW(example.store.put_quality({.cell = cell,
                                          .metric = "fid",
                                          .value = 1,
                                          .low = 0,
                                          .high = std::numeric_limits<double>::infinity(),
                                          .n = 1}),
               DatabaseError);
  EXPECT_THROW(example.store.put_quality({.cell = cell, .metric = "fid", .value = 1, .low = 2, .high = 1, .n = 1}),
               DatabaseError);
  EXPECT_THROW(example.store.add_feature_shard({.cell = cell, .sample_count = 2, .width = 2, .features = {1, 2, 3}}),
               DatabaseError);
  EXPECT_THROW(
      example.store.put_samples(std::vector<SampleRow>{{.cell = cell, .width = 2, .height = 2, .pixels = {0}}}),
      DatabaseError);
  CellRow row = example_cell("server");
  row.scenario = "srver";
  EXPECT_THROW(example.add(row), DatabaseError);
  row = example_cell("json");
  row.method_params = "{exit = 3}";
  EXPECT_THROW(example.add(row), DatabaseError);
}

TEST(Schema, DeletingARunLeavesNothingOfIt) {
  Example example;
  const std::int64_t cell = example.add(example_cell("full"));
  example.store.put_machine(example.run, {.host = "a"});
  example.store.put_rank(example.run, {.host = "a", .device = "cpu"});
  example.time(cell, 0, 0, {100});
  example.store.put_trace(
      cell, {.samples = 5, .evaluations = {{.t = 999, .rows = 5}}, .exit_counts = {{.block = 3, .rows = 5}}});
  example.store.database().exec("DELETE FROM run");
  for (const char* table : {"machine", "rank", "cell", "timing", "evaluation", "exit_count"}) {
    EXPECT_EQ(count(example, table), 0) << table;
  }
}

TEST(Schema, ProfileTablesTakeWhatTheyAreFor) {
  const Example example;
  SQLite::Database& database = example.store.database();
  database.exec(
      "INSERT INTO string VALUES (1, 'block'), (2, 'gemm');"
      "INSERT INTO scope (id, run, rank, thread, name, phase, begin_ns, end_ns) VALUES (1, 1, 0, 9, 1, 'block', 0, 50);"
      "INSERT INTO activity (run, rank, kind, name, scope, attribution, device, stream, begin_ns, end_ns)"
      " VALUES (1, 0, 'kernel', 2, 1, 'external', 0, 7, 10, 20)");
  EXPECT_THROW(database.exec("INSERT INTO activity (run, rank, kind, name, attribution, device, stream, begin_ns, "
                             "end_ns) VALUES (1, 0, 'kernel', 2, 'external', 0, 7, 10, 20)"),
               SQLite::Exception);
  EXPECT_THROW(database.exec("INSERT INTO string (value) VALUES ('gemm')"), SQLite::Exception);
}

TEST(Metrics, AreInTheFileAndDefinedOnce) {
  const Example example;
  EXPECT_EQ(count(example, "metric"), static_cast<int>(kMetrics.size() + example_metrics().size()));
  std::set<std::string_view> names;
  for (const Metric& metric : kMetrics) {
    EXPECT_TRUE(names.insert(metric.name).second) << metric.name << " is defined twice";
    EXPECT_TRUE(metric.definition.ends_with('.')) << metric.name;
    if (metric.summary_column.empty()) continue;
    const std::string column(metric.summary_column);
    EXPECT_NO_THROW(example.store.database().exec("SELECT " + column + " FROM cell_summary")) << metric.name;
  }
}

}  // namespace
}  // namespace diffbench::results
