// Store: runs, their machines, ranks and methods.
#include "results/sql.h"
#include "results/store.h"

namespace diffbench::results {
namespace {

constexpr const char* kNowUtc = "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')";

std::optional<std::int64_t> first_id(SQLite::Statement& statement) {
  if (!statement.executeStep()) return std::nullopt;
  return statement.getColumn(0).getInt64();
}

}  // namespace

std::int64_t Store::begin_run(const RunRow& row) {
  return guarded(name_, [&] {
    const std::string sql =
        std::string(
            "INSERT INTO run (suite_name, suite_text, suite_sha, seed, argv, started_utc, git_sha, git_dirty, ") +
        "program_version) VALUES (?, ?, ?, ?, ?, coalesce(nullif(?, ''), " + kNowUtc + "), ?, ?, ?)";
    return insert(*database_, sql.c_str(), row.suite_name, row.suite_text, row.suite_sha, row.seed, row.argv,
                  row.started_utc, row.git_sha, row.git_dirty, row.program_version);
  });
}

std::optional<std::int64_t> Store::find_unfinished_run(std::string_view suite_sha, const PartRow& part) const {
  return guarded(name_, [&] {
    SQLite::Statement statement(
        *database_,
        "SELECT id FROM run LEFT JOIN part ON part.run = run.id WHERE suite_sha = ? AND status = 'running' AND "
        "ifnull(part, 1) = ? AND ifnull(part_count, 1) = ? ORDER BY id DESC");
    bind_all(statement, suite_sha, part.part, part.part_count);
    return first_id(statement);
  });
}

std::optional<std::int64_t> Store::latest_run() const {
  return guarded(name_, [&] {
    SQLite::Statement statement(*database_, "SELECT id FROM run ORDER BY id DESC");
    return first_id(statement);
  });
}

std::optional<std::int64_t> Store::find_run(std::string_view uid) const {
  return guarded(name_, [&] {
    SQLite::Statement statement(*database_, "SELECT id FROM run WHERE uid = ?");
    bind_all(statement, uid);
    return first_id(statement);
  });
}

RunRow Store::run(std::int64_t run_id) const {
  return guarded(name_, [&] {
    SQLite::Statement statement(
        *database_,
        "SELECT suite_name, suite_text, suite_sha, seed, argv, started_utc, git_sha, git_dirty, "
        "program_version FROM run WHERE id = ?");
    bind_all(statement, run_id);
    if (!statement.executeStep()) throw DatabaseError(name_ + ": no run " + std::to_string(run_id));
    RunRow row;
    row.suite_name = statement.getColumn(0).getString();
    row.suite_text = statement.getColumn(1).getString();
    row.suite_sha = statement.getColumn(2).getString();
    row.seed = statement.getColumn(3).getInt64();
    row.argv = statement.getColumn(4).getString();
    row.started_utc = statement.getColumn(5).getString();
    row.git_sha = optional_text(statement.getColumn(6));
    if (!statement.getColumn(7).isNull()) row.git_dirty = statement.getColumn(7).getInt() != 0;
    row.program_version = statement.getColumn(8).getString();
    return row;
  });
}

void Store::put_part(std::int64_t run_id, const PartRow& row) {
  guarded(name_, [&] {
    insert(*database_,
           "INSERT INTO part (run, part, part_count, uid, host) SELECT id, ?, ?, uid, ? FROM run WHERE id = ?",
           row.part, row.part_count, row.host, run_id);
  });
}

void Store::put_machine(std::int64_t run_id, const MachineRow& row) {
  guarded(name_, [&] {
    // an upsert and not INSERT OR REPLACE: that would delete the machine's ranks with it
    insert(*database_,
           "INSERT INTO machine (run, host, cpu_model, core_count, memory_bytes, usable_core_count, gpu_names, os, "
           "kernel, compiler, compiler_flags, build_type, torch_version, mpi_version, cuda_version, driver_version, "
           "governor, turbo, smt, huge_pages, clock_source, allocator, settings, load_average_1min) VALUES (?, ?, ?, "
           "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run, host) DO UPDATE SET "
           "(cpu_model, core_count, memory_bytes, usable_core_count, gpu_names, os, kernel, compiler, compiler_flags, "
           "build_type, torch_version, mpi_version, cuda_version, driver_version, governor, turbo, smt, huge_pages, "
           "clock_source, allocator, settings, load_average_1min) = (excluded.cpu_model, excluded.core_count, "
           "excluded.memory_bytes, excluded.usable_core_count, excluded.gpu_names, excluded.os, excluded.kernel, "
           "excluded.compiler, excluded.compiler_flags, excluded.build_type, excluded.torch_version, "
           "excluded.mpi_version, excluded.cuda_version, excluded.driver_version, excluded.governor, excluded.turbo, "
           "excluded.smt, excluded.huge_pages, excluded.clock_source, excluded.allocator, excluded.settings, "
           "excluded.load_average_1min)",
           run_id, row.host, row.cpu_model, row.core_count, row.memory_bytes, row.usable_core_count, row.gpu_names,
           row.os, row.kernel, row.compiler, row.compiler_flags, row.build_type, row.torch_version, row.mpi_version,
           row.cuda_version, row.driver_version, row.governor, row.turbo, row.smt, row.huge_pages, row.clock_source,
           row.allocator, row.settings, row.load_average_1min);
  });
}

void Store::put_rank(std::int64_t run_id, const RankRow& row) {
  guarded(name_, [&] {
    insert(*database_,
           "INSERT OR REPLACE INTO rank (run, rank, machine, device, threads, torch_threads, omp_threads, binding, "
           "pid) VALUES (?, ?, (SELECT id FROM machine WHERE run = ? AND host = ?), ?, ?, ?, ?, ?, ?)",
           run_id, row.rank, run_id, row.host, row.device, row.threads, row.torch_threads, row.omp_threads, row.binding,
           row.pid);
  });
}

void Store::put_methods(std::int64_t run_id, std::span<const MethodRow> rows) {
  guarded(name_, [&] {
    Savepoint savepoint(*database_);
    SQLite::Statement add(*database_,
                          "INSERT OR REPLACE INTO method (run, name, summary, knob, knob_text) VALUES (?, ?, ?, ?, ?)");
    for (const MethodRow& row : rows) execute(add, run_id, row.name, row.summary, row.knob, row.knob_text);
    savepoint.release();
  });
}

void Store::put_pairing(std::int64_t old_run, std::int64_t new_run) {
  guarded(name_, [&] {
    insert(*database_, "INSERT OR REPLACE INTO pairing (new_run, old_run) VALUES (?, ?)", new_run, old_run);
  });
}

bool Store::are_paired(std::int64_t old_run, std::int64_t new_run) const {
  return guarded(name_, [&] {
    SQLite::Statement row(*database_, "SELECT 1 FROM pairing WHERE old_run = ? AND new_run = ?");
    bind_all(row, old_run, new_run);
    return row.executeStep();
  });
}

void Store::finish_run(std::int64_t run_id, bool ok) {
  guarded(name_, [&] {
    const std::string sql = std::string("UPDATE run SET status = ?, finished_utc = ") + kNowUtc + " WHERE id = ?";
    SQLite::Statement statement(*database_, sql);
    if (execute(statement, std::string_view(ok ? "ok" : "failed"), run_id) != 1) {
      throw DatabaseError(name_ + ": no run " + std::to_string(run_id));
    }
  });
}

}  // namespace diffbench::results
