// Store: what was measured, and what a resumed run finds of it. The trace and quality have files of their own.
#include <array>
#include <cmath>

#include "results/sql.h"
#include "results/store.h"

namespace diffbench::results {
namespace {

constexpr std::array<std::string_view, 3> kPassWords = {"timing", "profile", "overhead"};

// Of a cell whose rows are replaced as a whole.
void clear(SQLite::Database& database, const char* sql, std::int64_t cell) {
  SQLite::Statement statement(database, sql);
  execute(statement, cell);
}

}  // namespace

std::string_view to_string(Pass pass) { return kPassWords.at(static_cast<std::size_t>(pass)); }

void Store::put_preparations(std::int64_t cell, std::span<const PreparationRow> rows) {
  guarded(name_, [&] {
    Savepoint savepoint(*database_);
    clear(*database_, "DELETE FROM preparation WHERE cell = ?", cell);
    SQLite::Statement add(*database_,
                          "INSERT INTO preparation (cell, rank, duration_ns, decisions) VALUES (?, ?, ?, ?)");
    for (const PreparationRow& row : rows) execute(add, cell, row.rank, row.duration_ns, row.decisions);
    savepoint.release();
  });
}

std::optional<std::string> Store::decisions(std::int64_t cell) const {
  return guarded(name_, [&]() -> std::optional<std::string> {
    SQLite::Statement statement(*database_, "SELECT decisions FROM preparation WHERE cell = ? AND rank = 0");
    bind_all(statement, cell);
    if (!statement.executeStep()) return std::nullopt;
    return statement.getColumn(0).getString();
  });
}

void Store::add_warmup(std::int64_t cell, const WarmupRow& row) {
  guarded(name_, [&] {
    Savepoint savepoint(*database_);
    SQLite::Statement next(*database_,
                           "SELECT ifnull(max(attempt) + 1, 0) FROM warmup_end WHERE cell = ? AND pass = ?");
    bind_all(next, cell, to_string(row.pass));
    next.executeStep();
    const std::int64_t attempt = next.getColumn(0).getInt64();
    insert(*database_, "INSERT INTO warmup_end (cell, pass, attempt, converged, reason) VALUES (?, ?, ?, ?, ?)", cell,
           to_string(row.pass), attempt, row.converged, row.reason);
    SQLite::Statement add(*database_,
                          "INSERT INTO warmup (cell, pass, attempt, repetition, duration_ns) VALUES (?, ?, ?, ?, ?)");
    for (std::size_t i = 0; i < row.durations_ns.size(); ++i) {
      execute(add, cell, to_string(row.pass), attempt, i, row.durations_ns[i]);
    }
    savepoint.release();
  });
}

void Store::add_timings(std::span<const TimingRow> rows) {
  guarded(name_, [&] {
    Savepoint savepoint(*database_);
    SQLite::Statement statement(*database_,
                                "INSERT INTO timing (cell, round, repetition, rank, started_ns, duration_ns, samples, "
                                "decode_ns, page_fault_count, steal_ns, core_wait_ns, energy_j, discard_reason, "
                                "disturbance) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (const TimingRow& row : rows) {
      execute(statement, row.cell, row.round, row.repetition, row.rank, row.started_ns, row.duration_ns, row.samples,
              row.decode_ns, row.page_fault_count, row.steal_ns, row.core_wait_ns, row.energy_j, row.discard_reason,
              row.disturbance);
    }
    savepoint.release();
  });
}

void Store::put_memory_peaks(std::int64_t cell, std::span<const MemoryPeakRow> rows) {
  guarded(name_, [&] {
    Savepoint savepoint(*database_);
    clear(*database_, "DELETE FROM memory_peak WHERE cell = ?", cell);
    SQLite::Statement add(*database_,
                          "INSERT INTO memory_peak (cell, rank, process_bytes, device_bytes) VALUES (?, ?, ?, ?)");
    for (const MemoryPeakRow& row : rows) execute(add, cell, row.rank, row.process_bytes, row.device_bytes);
    savepoint.release();
  });
}

void Store::put_estimates(std::int64_t run_id, std::span<const EstimateRow> rows) {
  for (const EstimateRow& row : rows) {
    for (const double number : {row.value, row.low.value_or(0), row.high.value_or(0)}) {
      if (!std::isfinite(number)) {
        throw DatabaseError(name_ + ": cell " + std::to_string(row.cell) + ": " + row.metric + " is not finite");
      }
    }
  }
  guarded(name_, [&] {
    Savepoint savepoint(*database_);
    SQLite::Statement old(*database_, "DELETE FROM estimate WHERE cell IN (SELECT id FROM cell WHERE run = ?)");
    execute(old, run_id);
    SQLite::Statement add(*database_,
                          "INSERT INTO estimate (cell, metric, value, low, high, confidence, n, rule) "
                          "SELECT id, ?, ?, ?, ?, ?, ?, ? FROM cell WHERE id = ? AND run = ?");
    for (const EstimateRow& row : rows) {
      if (execute(add, row.metric, row.value, row.low, row.high, row.confidence, row.n, row.rule, row.cell, run_id) !=
          1) {
        throw DatabaseError(name_ + ": run " + std::to_string(run_id) + " has no cell " + std::to_string(row.cell));
      }
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

std::vector<TimingRow> Store::timings(std::int64_t cell) const {
  return guarded(name_, [&] {
    SQLite::Statement statement(*database_,
                                "SELECT round, repetition, rank, started_ns, duration_ns, samples, decode_ns, "
                                "page_fault_count, steal_ns, core_wait_ns, energy_j, discard_reason, disturbance "
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
                      .decode_ns = statement.getColumn(6).getInt64(),
                      .page_fault_count = optional_integer(statement.getColumn(7)),
                      .steal_ns = optional_integer(statement.getColumn(8)),
                      .core_wait_ns = optional_integer(statement.getColumn(9)),
                      .energy_j = optional_real(statement.getColumn(10)),
                      .discard_reason = optional_text(statement.getColumn(11)),
                      .disturbance = optional_text(statement.getColumn(12))});
    }
    return rows;
  });
}

}  // namespace diffbench::results
