// Store: quality, the features it is computed from, and samples to look at.
#include <cmath>
#include <cstring>

#include "results/sql.h"
#include "results/store.h"

namespace diffbench::results {
namespace {

std::vector<float> floats(const SQLite::Column& column) {
  std::vector<float> values(static_cast<std::size_t>(column.getBytes()) / sizeof(float));
  std::memcpy(values.data(), column.getBlob(), values.size() * sizeof(float));
  return values;
}

}  // namespace

void Store::put_quality(const QualityRow& row) {
  for (const double number : {row.value, row.low.value_or(0), row.high.value_or(0)}) {
    if (!std::isfinite(number)) {
      throw DatabaseError(name_ + ": cell " + std::to_string(row.cell) + ": " + row.metric + " is not finite");
    }
  }
  guarded(name_, [&] {
    insert(*database_,
           "INSERT OR REPLACE INTO quality (cell, metric, value, low, high, confidence, rule, n, extractor_sha, "
           "reference_sha, sample_checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
           row.cell, row.metric, row.value, row.low, row.high, row.confidence, row.rule, row.n, row.extractor_sha,
           row.reference_sha, row.sample_checksum);
  });
}

void Store::add_feature_shard(const FeatureShardRow& row) {
  guarded(name_, [&] {
    insert(*database_,
           "INSERT INTO feature_shard (cell, shard, first_sample, sample_count, width, features, sample_checksum) "
           "VALUES (?, ?, ?, ?, ?, ?, ?)",
           row.cell, row.shard, row.first_sample, row.sample_count, row.width, std::span<const float>(row.features),
           row.sample_checksum);
  });
}

std::set<int> Store::completed_shards(std::int64_t cell) const {
  return guarded(name_, [&] {
    SQLite::Statement statement(*database_, "SELECT shard FROM feature_shard WHERE cell = ?");
    bind_all(statement, cell);
    return integers(statement);
  });
}

void Store::for_each_feature_shard(std::int64_t cell, const std::function<void(const FeatureShardRow&)>& visit) const {
  guarded(name_, [&] {
    SQLite::Statement statement(*database_,
                                "SELECT shard, first_sample, sample_count, width, features, sample_checksum "
                                "FROM feature_shard WHERE cell = ? ORDER BY shard");
    bind_all(statement, cell);
    while (statement.executeStep()) {
      visit({.cell = cell,
             .shard = statement.getColumn(0).getInt(),
             .first_sample = statement.getColumn(1).getInt64(),
             .sample_count = statement.getColumn(2).getInt64(),
             .width = statement.getColumn(3).getInt64(),
             .features = floats(statement.getColumn(4)),
             .sample_checksum = statement.getColumn(5).getString()});
    }
  });
}

void Store::put_samples(std::span<const SampleRow> rows) {
  guarded(name_, [&] {
    Savepoint savepoint(*database_);
    SQLite::Statement statement(*database_, "INSERT OR REPLACE INTO sample VALUES (?, ?, ?, ?, ?, ?, ?)");
    for (const SampleRow& row : rows) {
      execute(statement, row.cell, row.sample_index, row.label, row.width, row.height, row.channels,
              std::span<const std::uint8_t>(row.pixels));
    }
    savepoint.release();
  });
}

}  // namespace diffbench::results
