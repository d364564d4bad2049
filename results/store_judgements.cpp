// Store: what quality is computed from: feature rows, their statistics, pixels, and samples to look at.
#include <cstring>

#include "results/sql.h"
#include "results/store.h"

namespace diffbench::results {
namespace {

template <class T>
std::vector<T> numbers(const SQLite::Column& column) {
  std::vector<T> values(static_cast<std::size_t>(column.getBytes()) / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), column.getBlob(), values.size() * sizeof(T));
  return values;
}

std::optional<std::span<const float>> unless_empty(const std::vector<float>& values) {
  return values.empty() ? std::nullopt : std::optional(std::span<const float>(values));
}

const char* column_of(ShardNumbers which) {
  return which == ShardNumbers::kFeatures ? "features" : which == ShardNumbers::kLogits ? "logits" : "spatial";
}

}  // namespace

void Store::set_judgement(std::int64_t cell, const JudgementRow& row) {
  guarded(name_, [&] {
    SQLite::Statement update(*database_, "UPDATE cell SET judged_as = ?, class_count = ? WHERE id = ?");
    execute(update, row.owner, row.class_count, cell);
  });
}

std::vector<JudgementRow> Store::judgements(std::int64_t run_id) const {
  return guarded(name_, [&] {
    std::vector<JudgementRow> rows;
    SQLite::Statement row(
        *database_,
        "SELECT id, judged_as, class_count, baseline_cell, status IN ('pending', 'ok') FROM cell WHERE "
        "run = ? AND judged_as IS NOT NULL ORDER BY id");
    for (bind_all(row, run_id); row.executeStep();) {
      rows.push_back({.cell = row.getColumn(0).getInt64(),
                      .owner = row.getColumn(1).getInt64(),
                      .class_count = row.getColumn(2).getInt64(),
                      .baseline = optional_integer(row.getColumn(3)),
                      .is_ok = row.getColumn(4).getInt() != 0});
    }
    return rows;
  });
}

void Store::add_feature_shard(const FeatureShardRow& row) {
  guarded(name_, [&] {
    insert(*database_,
           "INSERT INTO feature_shard (cell, extractor, shard, first_sample, sample_count, width, features, logits, "
           "spatial, sample_checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
           row.cell, row.extractor, row.shard, row.first_sample, row.sample_count, row.width,
           std::span<const float>(row.features), unless_empty(row.logits), unless_empty(row.spatial),
           row.sample_checksum);
  });
}

void Store::add_image_shard(const ImageShardRow& row) {
  guarded(name_, [&] {
    insert(*database_,
           "INSERT INTO image_shard (cell, shard, first_sample, sample_count, channels, height, width, pixels) VALUES "
           "(?, ?, ?, ?, ?, ?, ?, ?)",
           row.cell, row.shard, row.first_sample, row.sample_count, row.channels, row.height, row.width,
           std::span<const std::uint8_t>(row.pixels));
  });
}

void Store::put_feature_statistics(const FeatureStatisticsRow& row) {
  guarded(name_, [&] {
    insert(*database_,
           "INSERT OR REPLACE INTO feature_statistics (cell, extractor, sample_count, width, mean, covariance, "
           "sample_checksum) VALUES (?, ?, ?, ?, ?, ?, ?)",
           row.cell, row.extractor, row.sample_count, row.mean.size(), std::span<const double>(row.mean),
           std::span<const double>(row.covariance), row.sample_checksum);
  });
}

void Store::add_to_sampling_work(std::span<const SamplingWorkRow> rows) {
  guarded(name_, [&] {
    Savepoint savepoint(*database_);
    SQLite::Statement add(
        *database_,
        "INSERT INTO sampling_work VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET (batch_count, "
        "sample_count, sampling_ns, features_ns, storing_ns) = (batch_count + excluded.batch_count, "
        "sample_count + excluded.sample_count, sampling_ns + excluded.sampling_ns, features_ns + "
        "excluded.features_ns, storing_ns + excluded.storing_ns)");
    for (const SamplingWorkRow& row : rows) {
      execute(add, row.cell, row.rank, row.batch_count, row.sample_count, row.sampling_ns, row.features_ns,
              row.storing_ns);
    }
    savepoint.release();
  });
}

std::vector<SamplingWorkRow> Store::sampling_work(std::int64_t cell) const {
  return guarded(name_, [&] {
    SQLite::Statement row(*database_,
                          "SELECT rank, batch_count, sample_count, sampling_ns, features_ns, storing_ns FROM "
                          "sampling_work WHERE cell = ? ORDER BY rank");
    std::vector<SamplingWorkRow> rows;
    for (bind_all(row, cell); row.executeStep();) {
      rows.push_back({.cell = cell,
                      .rank = row.getColumn(0).getInt(),
                      .batch_count = row.getColumn(1).getInt64(),
                      .sample_count = row.getColumn(2).getInt64(),
                      .sampling_ns = row.getColumn(3).getInt64(),
                      .features_ns = row.getColumn(4).getInt64(),
                      .storing_ns = row.getColumn(5).getInt64()});
    }
    return rows;
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

void Store::drop_feature_shards(std::int64_t cell) {
  guarded(name_, [&] {
    SQLite::Statement drop(*database_, "DELETE FROM feature_shard WHERE cell = ?");
    execute(drop, cell);
  });
}

void Store::drop_image_shards(std::int64_t cell) {
  guarded(name_, [&] {
    SQLite::Statement drop(*database_, "DELETE FROM image_shard WHERE cell = ?");
    execute(drop, cell);
  });
}

std::set<int> Store::completed_shards(std::int64_t cell) const {
  return guarded(name_, [&] {
    SQLite::Statement statement(*database_, "SELECT shard FROM feature_shard WHERE cell = ? AND extractor = 1");
    bind_all(statement, cell);
    return integers(statement);
  });
}

std::vector<FeatureShardRow> Store::feature_shards(std::int64_t cell, int extractor) const {
  return guarded(name_, [&] {
    std::vector<FeatureShardRow> rows;
    SQLite::Statement row(*database_,
                          "SELECT shard, first_sample, sample_count, width, sample_checksum FROM feature_shard WHERE "
                          "cell = ? AND extractor = ? ORDER BY shard");
    for (bind_all(row, cell, extractor); row.executeStep();) {
      rows.push_back({.cell = cell,
                      .extractor = extractor,
                      .shard = row.getColumn(0).getInt(),
                      .first_sample = row.getColumn(1).getInt64(),
                      .sample_count = row.getColumn(2).getInt64(),
                      .width = row.getColumn(3).getInt64(),
                      .sample_checksum = row.getColumn(4).getString()});
    }
    return rows;
  });
}

std::vector<float> Store::shard_numbers(std::int64_t cell, int extractor, int shard, ShardNumbers which) const {
  return guarded(name_, [&] {
    SQLite::Statement row(*database_, std::string("SELECT ") + column_of(which) +
                                          " FROM feature_shard WHERE cell = ? AND extractor = ? AND shard = ?");
    bind_all(row, cell, extractor, shard);
    return row.executeStep() ? numbers<float>(row.getColumn(0)) : std::vector<float>();
  });
}

std::vector<ImageShardRow> Store::image_shards(std::int64_t cell) const {
  return guarded(name_, [&] {
    std::vector<ImageShardRow> rows;
    SQLite::Statement row(*database_,
                          "SELECT shard, first_sample, sample_count, channels, height, width FROM image_shard WHERE "
                          "cell = ? ORDER BY shard");
    for (bind_all(row, cell); row.executeStep();) {
      rows.push_back({.cell = cell,
                      .shard = row.getColumn(0).getInt(),
                      .first_sample = row.getColumn(1).getInt64(),
                      .sample_count = row.getColumn(2).getInt64(),
                      .channels = row.getColumn(3).getInt64(),
                      .height = row.getColumn(4).getInt64(),
                      .width = row.getColumn(5).getInt64()});
    }
    return rows;
  });
}

std::vector<std::uint8_t> Store::shard_pixels(std::int64_t cell, int shard) const {
  return guarded(name_, [&] {
    SQLite::Statement row(*database_, "SELECT pixels FROM image_shard WHERE cell = ? AND shard = ?");
    bind_all(row, cell, shard);
    return row.executeStep() ? numbers<std::uint8_t>(row.getColumn(0)) : std::vector<std::uint8_t>();
  });
}

std::optional<FeatureStatisticsRow> Store::feature_statistics(std::int64_t cell, int extractor) const {
  return guarded(name_, [&]() -> std::optional<FeatureStatisticsRow> {
    SQLite::Statement row(*database_,
                          "SELECT sample_count, mean, covariance, sample_checksum FROM feature_statistics WHERE cell = "
                          "? AND extractor = ?");
    bind_all(row, cell, extractor);
    if (!row.executeStep()) return std::nullopt;
    return FeatureStatisticsRow{.cell = cell,
                                .extractor = extractor,
                                .sample_count = row.getColumn(0).getInt64(),
                                .mean = numbers<double>(row.getColumn(1)),
                                .covariance = numbers<double>(row.getColumn(2)),
                                .sample_checksum = row.getColumn(3).getString()};
  });
}

}  // namespace diffbench::results
