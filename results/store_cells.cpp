// Store: cells and their states.
#include <array>

#include "results/sql.h"
#include "results/store.h"

namespace diffbench::results {
namespace {

constexpr std::array<std::string_view, 4> kStatusWords = {"pending", "ok", "skipped", "failed"};
constexpr std::array<std::string_view, 3> kRoleWords = {"method", "baseline", "null"};

template <class Enum, std::size_t N>
Enum from_word(const std::array<std::string_view, N>& words, const std::string& word) {
  for (std::size_t i = 0; i < N; ++i) {
    if (words[i] == word) return static_cast<Enum>(i);
  }
  throw DatabaseError("unknown word '" + word + "'");  // the schema's CHECK lets none through
}

}  // namespace

std::string_view to_string(CellStatus status) { return kStatusWords.at(static_cast<std::size_t>(status)); }
std::string_view to_string(CellRole role) { return kRoleWords.at(static_cast<std::size_t>(role)); }

std::vector<std::int64_t> Store::add_cells(std::int64_t run_id, std::span<const CellRow> rows) {
  return guarded(name_, [&] {
    Savepoint savepoint(*database_);
    std::vector<std::int64_t> ids;
    SQLite::Statement add(
        *database_,
        "INSERT INTO cell (run, key, method, method_label, method_params, given_params, decides, "
        "role, model, model_fingerprint, solver, solver_params, given_solver_params, grid, steps, "
        "batch, precision, runtime, device, ranks, threads, guidance, guidance_interval, guidance_exits, "
        "scenario, identity) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?, ?, ?)");
    for (const CellRow& row : rows) {
      execute(add, run_id, row.key, row.method, row.method_label, row.method_params, row.given_params, row.decides,
              to_string(row.role), row.model, row.model_fingerprint, row.solver, row.solver_params,
              row.given_solver_params, row.grid, row.steps, row.batch, row.precision, row.runtime, row.device,
              row.ranks, row.threads, row.guidance, row.guidance_interval, row.guidance_exits, row.scenario,
              row.identity);
      ids.push_back(database_->getLastInsertRowid());
    }
    SQLite::Statement link(*database_,
                           "UPDATE cell SET baseline_cell = base.id FROM cell AS base "
                           "WHERE cell.id = ? AND base.run = cell.run AND base.key = ?");
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const CellRow& row = rows[i];
      if (!row.baseline_key.empty() && execute(link, ids[i], row.baseline_key) != 1) {
        throw DatabaseError(name_ + ": cell '" + row.key + "': no baseline cell '" + row.baseline_key + "'");
      }
    }
    savepoint.release();
    return ids;
  });
}

std::vector<StoredCell> Store::cells(std::int64_t run_id) const {
  return guarded(name_, [&] {
    SQLite::Statement statement(
        *database_,
        "SELECT cell.id, cell.key, cell.method, cell.method_label, cell.method_params, cell.given_params, "
        "cell.decides, cell.role, ifnull(base.key, ''), cell.model, cell.model_fingerprint, cell.solver, "
        "cell.solver_params, cell.given_solver_params, cell.grid, cell.steps, cell.batch, cell.precision, "
        "cell.runtime, "
        "cell.device, cell.ranks, cell.threads, cell.guidance, cell.guidance_interval, cell.guidance_exits, "
        "cell.scenario, "
        "cell.identity, cell.status, ifnull(cell.reason, ''), ifnull(cell.stop_reason, '') FROM cell "
        "LEFT JOIN cell AS base ON base.id = cell.baseline_cell WHERE cell.run = ? ORDER BY cell.id");
    bind_all(statement, run_id);
    std::vector<StoredCell> cells;
    while (statement.executeStep()) {
      int column = 0;
      const auto text = [&] { return statement.getColumn(column++).getString(); };
      const auto integer = [&] { return statement.getColumn(column++).getInt(); };
      StoredCell& cell = cells.emplace_back();
      cell.id = statement.getColumn(column++).getInt64();
      cell.row.key = text();
      cell.row.method = text();
      cell.row.method_label = text();
      cell.row.method_params = text();
      cell.row.given_params = text();
      cell.row.decides = text();
      cell.row.role = from_word<CellRole>(kRoleWords, text());
      cell.row.baseline_key = text();
      cell.row.model = text();
      cell.row.model_fingerprint = text();
      cell.row.solver = text();
      cell.row.solver_params = text();
      cell.row.given_solver_params = text();
      cell.row.grid = text();
      cell.row.steps = integer();
      cell.row.batch = integer();
      cell.row.precision = text();
      cell.row.runtime = text();
      cell.row.device = text();
      cell.row.ranks = integer();
      cell.row.threads = integer();
      cell.row.guidance = statement.getColumn(column++).getDouble();
      cell.row.guidance_interval = optional_text(statement.getColumn(column++));
      cell.row.guidance_exits = text();
      cell.row.scenario = text();
      cell.row.identity = text();
      cell.status = from_word<CellStatus>(kStatusWords, text());
      cell.reason = text();
      cell.stop_reason = text();
    }
    return cells;
  });
}

void Store::set_cell_status(std::int64_t cell, CellStatus status, std::string_view reason) {
  guarded(name_, [&] {
    SQLite::Statement statement(*database_, "UPDATE cell SET status = ?, reason = nullif(?, '') WHERE id = ?");
    if (execute(statement, to_string(status), reason, cell) != 1) {
      throw DatabaseError(name_ + ": no cell " + std::to_string(cell));
    }
  });
}

void Store::set_cell_stop(std::int64_t cell, std::string_view stop_reason) {
  guarded(name_, [&] {
    SQLite::Statement statement(*database_, "UPDATE cell SET stop_reason = ? WHERE id = ?");
    if (execute(statement, stop_reason, cell) != 1) throw DatabaseError(name_ + ": no cell " + std::to_string(cell));
  });
}

void Store::add_artifacts(std::int64_t cell, std::span<const ArtifactRow> rows) {
  guarded(name_, [&] {
    Savepoint savepoint(*database_);
    SQLite::Statement add(*database_, "INSERT INTO artifact (cell, role, path, sha256) VALUES (?, ?, ?, ?)");
    for (const ArtifactRow& row : rows) execute(add, cell, row.role, row.path, row.sha256);
    savepoint.release();
  });
}

std::vector<ArtifactRow> Store::artifacts(std::int64_t cell) const {
  return guarded(name_, [&] {
    SQLite::Statement statement(*database_,
                                "SELECT role, path, sha256 FROM artifact WHERE cell = ? ORDER BY role, path");
    bind_all(statement, cell);
    std::vector<ArtifactRow> rows;
    while (statement.executeStep()) {
      rows.push_back({.role = statement.getColumn(0).getString(),
                      .path = statement.getColumn(1).getString(),
                      .sha256 = statement.getColumn(2).getString()});
    }
    return rows;
  });
}

void Store::add_planned_depths(std::int64_t cell, std::span<const PlannedDepthRow> rows) {
  guarded(name_, [&] {
    Savepoint savepoint(*database_);
    SQLite::Statement add(*database_, "INSERT INTO planned_depth (cell, from_t, to_t, blocks) VALUES (?, ?, ?, ?)");
    for (const PlannedDepthRow& row : rows) execute(add, cell, row.from_t, row.to_t, row.blocks);
    savepoint.release();
  });
}

}  // namespace diffbench::results
