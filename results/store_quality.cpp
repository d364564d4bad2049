// Store: what quality is and where it comes from: metrics, networks, values.
#include <cmath>

#include "results/sql.h"
#include "results/store.h"

namespace diffbench::results {

void Store::put_metrics(std::span<const MetricRow> rows) {
  guarded(name_, [&] {
    Savepoint savepoint(*database_);
    SQLite::Statement put(*database_,
                          "INSERT INTO metric (name, unit, better, definition, formula, summary_column, comparison, "
                          "smallest_effect) VALUES (?, ?, ?, ?, ?, nullif(?, ''), nullif(?, ''), nullif(?, 0)) ON "
                          "CONFLICT (name) DO UPDATE SET unit = excluded.unit, better = excluded.better, definition = "
                          "excluded.definition, formula = excluded.formula, summary_column = excluded.summary_column, "
                          "comparison = excluded.comparison, smallest_effect = excluded.smallest_effect");
    for (const MetricRow& row : rows) {
      execute(put, row.name, row.unit, row.better, row.definition, row.formula, row.summary_column, row.comparison,
              row.smallest_effect);
    }
    savepoint.release();
  });
}

std::vector<MetricRow> Store::quality_metrics() const {
  return guarded(name_, [&] {
    std::vector<MetricRow> rows;
    SQLite::Statement row(*database_,
                          "SELECT name, unit, better, definition, formula, summary_column, comparison, smallest_effect "
                          "FROM metric WHERE comparison IS NOT NULL ORDER BY name");
    while (row.executeStep()) {
      rows.push_back({.name = row.getColumn(0).getString(),
                      .unit = row.getColumn(1).getString(),
                      .better = row.getColumn(2).getString(),
                      .definition = row.getColumn(3).getString(),
                      .formula = row.getColumn(4).getString(),
                      .summary_column = optional_text(row.getColumn(5)).value_or(""),
                      .comparison = row.getColumn(6).getString(),
                      .smallest_effect = row.getColumn(7).getDouble()});
    }
    return rows;
  });
}

void Store::put_extractors(std::int64_t run_id, std::span<const ExtractorRow> rows) {
  guarded(name_, [&] {
    Savepoint savepoint(*database_);
    SQLite::Statement put(*database_,
                          "INSERT OR REPLACE INTO extractor (run, place, name, mode, to_uint8, sha256, reference, "
                          "reference_sha) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    for (const ExtractorRow& row : rows) {
      execute(put, run_id, row.place, row.name, row.mode, row.to_uint8, row.sha256, row.reference, row.reference_sha);
    }
    savepoint.release();
  });
}

std::vector<ExtractorRow> Store::extractors(std::int64_t run_id) const {
  return guarded(name_, [&] {
    std::vector<ExtractorRow> rows;
    SQLite::Statement row(*database_,
                          "SELECT place, name, mode, to_uint8, sha256, reference, reference_sha FROM extractor WHERE "
                          "run = ? ORDER BY place");
    for (bind_all(row, run_id); row.executeStep();) {
      rows.push_back({.place = row.getColumn(0).getInt(),
                      .name = row.getColumn(1).getString(),
                      .mode = row.getColumn(2).getString(),
                      .to_uint8 = row.getColumn(3).getString(),
                      .sha256 = row.getColumn(4).getString(),
                      .reference = row.getColumn(5).getString(),
                      .reference_sha = row.getColumn(6).getString()});
    }
    return rows;
  });
}

void Store::put_quality(const QualityRow& row) {
  for (const double number : {row.value, row.low.value_or(0), row.high.value_or(0)}) {
    if (!std::isfinite(number)) {
      throw DatabaseError(name_ + ": cell " + std::to_string(row.cell) + ": " + row.metric + " is not finite");
    }
  }
  guarded(name_, [&] {
    if (row.label) {
      insert(
          *database_,
          "INSERT OR REPLACE INTO quality_class (cell, metric, extractor, label, value, low, high, confidence, rule, "
          "n) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          row.cell, row.metric, row.extractor, *row.label, row.value, row.low, row.high, row.confidence, row.rule,
          row.n);
    } else {
      insert(*database_,
             "INSERT OR REPLACE INTO quality (cell, metric, extractor, value, low, high, confidence, rule, n, "
             "sample_checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
             row.cell, row.metric, row.extractor, row.value, row.low, row.high, row.confidence, row.rule, row.n,
             row.sample_checksum);
    }
  });
}

void Store::put_quality_curve(std::span<const QualityCurveRow> rows) {
  if (rows.empty()) return;
  guarded(name_, [&] {
    Savepoint savepoint(*database_);
    SQLite::Statement drop(*database_, "DELETE FROM quality_curve WHERE cell = ? AND metric = ? AND extractor = ?");
    execute(drop, rows.front().cell, rows.front().metric, rows.front().extractor);
    SQLite::Statement add(*database_,
                          "INSERT INTO quality_curve (cell, metric, extractor, n, value) VALUES (?, ?, ?, ?, ?)");
    for (const QualityCurveRow& row : rows) execute(add, row.cell, row.metric, row.extractor, row.n, row.value);
    savepoint.release();
  });
}

}  // namespace diffbench::results
