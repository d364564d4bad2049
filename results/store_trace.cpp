// Store: what a cell executed, evaluation by evaluation.
#include "results/sql.h"
#include "results/store.h"

namespace diffbench::results {

void Store::put_trace(std::int64_t cell, const TraceRow& trace) {
  guarded(name_, [&] {
    Savepoint savepoint(*database_);
    SQLite::Statement update(*database_,
                             "UPDATE cell SET block_count = ?, flops_full = ?, traced_samples = ? WHERE id = ?");
    if (execute(update, trace.block_count, trace.flops_full, trace.samples, cell) != 1) {
      throw DatabaseError(name_ + ": no cell " + std::to_string(cell));
    }
    SQLite::Statement clear(*database_, "DELETE FROM evaluation WHERE cell = ?");  // its exit counts go with it
    execute(clear, cell);
    SQLite::Statement add_evaluation(*database_,
                                     "INSERT INTO evaluation (cell, evaluation, t, rows, blocks_executed, flops, "
                                     "probe_flops, blocks_carried, compaction_count) VALUES (?, ?, ?, ?, ?, ?, ?, ?, "
                                     "?)");
    for (const EvaluationRow& row : trace.evaluations) {
      execute(add_evaluation, cell, row.evaluation, row.t, row.rows, row.blocks_executed, row.flops, row.probe_flops,
              row.blocks_carried, row.compaction_count);
    }
    SQLite::Statement add_exit(*database_,
                               "INSERT INTO exit_count (cell, evaluation, block, rows) VALUES (?, ?, ?, ?)");
    for (const ExitCountRow& row : trace.exit_counts) execute(add_exit, cell, row.evaluation, row.block, row.rows);
    savepoint.release();
  });
}

std::optional<TraceRow> Store::trace(std::int64_t cell) const {
  return guarded(name_, [&]() -> std::optional<TraceRow> {
    SQLite::Statement head(*database_,
                           "SELECT block_count, flops_full, traced_samples FROM cell WHERE id = ? AND traced_samples "
                           "IS NOT NULL");
    bind_all(head, cell);
    if (!head.executeStep()) return std::nullopt;
    TraceRow trace{.block_count = head.getColumn(0).getInt(),
                   .flops_full = head.getColumn(1).getDouble(),
                   .samples = head.getColumn(2).getInt64()};
    SQLite::Statement evaluation(*database_,
                                 "SELECT evaluation, t, rows, blocks_executed, flops, probe_flops, blocks_carried, "
                                 "compaction_count FROM evaluation WHERE cell = ? ORDER BY evaluation");
    for (bind_all(evaluation, cell); evaluation.executeStep();) {
      trace.evaluations.push_back({.evaluation = evaluation.getColumn(0).getInt(),
                                   .t = evaluation.getColumn(1).getDouble(),
                                   .rows = evaluation.getColumn(2).getInt64(),
                                   .blocks_executed = evaluation.getColumn(3).getDouble(),
                                   .flops = evaluation.getColumn(4).getDouble(),
                                   .probe_flops = evaluation.getColumn(5).getDouble(),
                                   .blocks_carried = evaluation.getColumn(6).getDouble(),
                                   .compaction_count = evaluation.getColumn(7).getInt64()});
    }
    SQLite::Statement exit(*database_,
                           "SELECT evaluation, block, rows FROM exit_count WHERE cell = ? ORDER BY evaluation, block");
    for (bind_all(exit, cell); exit.executeStep();) {
      trace.exit_counts.push_back({.evaluation = exit.getColumn(0).getInt(),
                                   .block = exit.getColumn(1).getInt(),
                                   .rows = exit.getColumn(2).getInt64()});
    }
    return trace;
  });
}

}  // namespace diffbench::results
