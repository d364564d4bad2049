// Store: what was measured, and what a resumed run finds of it.
#include <cmath>
#include <cstring>

#include "results/sql.h"
#include "results/store.h"

namespace diffbench::results {
namespace {

std::vector<double> doubles(const SQLite::Column& column) {
  std::vector<double> values(static_cast<std::size_t>(column.getBytes()) / sizeof(double));
  std::memcpy(values.data(), column.getBlob(), values.size() * sizeof(double));
  return values;
}

std::set<int> integers(SQLite::Statement& statement) {
  std::set<int> found;
  while (statement.executeStep()) found.insert(statement.getColumn(0).getInt());
  return found;
}

}  // namespace

void Store::add_timings(std::span<const TimingRow> rows) {
  guarded(name_, [&] {
    Savepoint savepoint(*database_);
    SQLite::Statement statement(*database_,
                                "INSERT INTO timing (cell, round, repetition, rank, started_ns, duration_ns, samples, "
                                "discard_reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    for (const TimingRow& row : rows) {
      execute(statement, row.cell, row.round, row.repetition, row.rank, row.started_ns, row.duration_ns, row.samples,
              row.discard_reason);
    }
    savepoint.release();
  });
}

void Store::put_trace(std::int64_t cell, const TraceRow& trace) {
  guarded(name_, [&] {
    Savepoint savepoint(*database_);
    SQLite::Statement update(*database_,
                             "UPDATE cell SET block_count = ?, flops_per_sample = ?, flops_full = ? WHERE id = ?");
    if (execute(update, trace.block_count, trace.flops_per_sample, trace.flops_full, cell) != 1) {
      throw DatabaseError(name_ + ": no cell " + std::to_string(cell));
    }
    SQLite::Statement clear(*database_, "DELETE FROM evaluation WHERE cell = ?");  // its exit counts go with it
    execute(clear, cell);
    SQLite::Statement add_evaluation(*database_, "INSERT INTO evaluation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (const EvaluationRow& row : trace.evaluations) {
      execute(add_evaluation, cell, row.evaluation, row.t, row.rows, row.blocks_executed_mean, row.flops_per_row,
              row.probe_flops_per_row, row.blocks_carried_mean, row.compaction_count);
    }
    SQLite::Statement add_exit(*database_, "INSERT INTO exit_count VALUES (?, ?, ?, ?)");
    for (const ExitCountRow& row : trace.exit_counts) execute(add_exit, cell, row.evaluation, row.block, row.rows);
    savepoint.release();
  });
}

void Store::put_quality(const QualityRow& row) {
  for (const double number : {row.value, row.low.value_or(0), row.high.value_or(0)}) {
    if (!std::isfinite(number)) {
      throw DatabaseError(name_ + ": cell " + std::to_string(row.cell) + ": " + row.metric + " is not finite");
    }
  }
  guarded(name_, [&] {
    insert(*database_,
           "INSERT OR REPLACE INTO quality (cell, metric, value, low, high, n, extractor_sha, reference_sha, "
           "sample_checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
           row.cell, row.metric, row.value, row.low, row.high, row.n, row.extractor_sha, row.reference_sha,
           row.sample_checksum);
  });
}

void Store::add_feature_shard(const FeatureShardRow& row) {
  guarded(name_, [&] {
    insert(*database_,
           "INSERT INTO feature_shard (cell, shard, first_sample, sample_count, width, feature_sum, feature_outer, "
           "sample_checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
           row.cell, row.shard, row.first_sample, row.sample_count, row.feature_sum.size(),
           std::span<const double>(row.feature_sum), std::span<const double>(row.feature_outer), row.sample_checksum);
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

std::set<int> Store::completed_rounds(std::int64_t cell) const {
  return guarded(name_, [&] {
    SQLite::Statement statement(*database_, "SELECT DISTINCT round FROM timing WHERE cell = ?");
    bind_all(statement, cell);
    return integers(statement);
  });
}

std::set<int> Store::completed_shards(std::int64_t cell) const {
  return guarded(name_, [&] {
    SQLite::Statement statement(*database_, "SELECT shard FROM feature_shard WHERE cell = ?");
    bind_all(statement, cell);
    return integers(statement);
  });
}

bool Store::has_trace(std::int64_t cell) const {
  return guarded(name_, [&] {
    SQLite::Statement statement(*database_, "SELECT 1 FROM cell WHERE id = ? AND flops_per_sample IS NOT NULL");
    bind_all(statement, cell);
    return statement.executeStep();
  });
}

std::vector<TimingRow> Store::timings(std::int64_t cell) const {
  return guarded(name_, [&] {
    SQLite::Statement statement(*database_,
                                "SELECT round, repetition, rank, started_ns, duration_ns, samples, discard_reason "
                                "FROM timing WHERE cell = ? ORDER BY round, repetition, rank");
    bind_all(statement, cell);
    std::vector<TimingRow> rows;
    while (statement.executeStep()) {
      rows.push_back({.cell = cell,
                      .round = statement.getColumn(0).getInt(),
                      .repetition = statement.getColumn(1).getInt(),
                      .rank = statement.getColumn(2).getInt(),
                      .started_ns = statement.getColumn(3).getInt64(),
                      .duration_ns = statement.getColumn(4).getInt64(),
                      .samples = statement.getColumn(5).getInt64(),
                      .discard_reason = optional_text(statement.getColumn(6))});
    }
    return rows;
  });
}

std::vector<FeatureShardRow> Store::feature_shards(std::int64_t cell) const {
  return guarded(name_, [&] {
    SQLite::Statement statement(*database_,
                                "SELECT shard, first_sample, sample_count, feature_sum, feature_outer, sample_checksum "
                                "FROM feature_shard WHERE cell = ? ORDER BY shard");
    bind_all(statement, cell);
    std::vector<FeatureShardRow> rows;
    while (statement.executeStep()) {
      rows.push_back({.cell = cell,
                      .shard = statement.getColumn(0).getInt(),
                      .first_sample = statement.getColumn(1).getInt64(),
                      .sample_count = statement.getColumn(2).getInt64(),
                      .feature_sum = doubles(statement.getColumn(3)),
                      .feature_outer = doubles(statement.getColumn(4)),
                      .sample_checksum = statement.getColumn(5).getString()});
    }
    return rows;
  });
}

}  // namespace diffbench::results
