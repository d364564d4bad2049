#include "results/compare/measured_run.h"

#include <array>
#include <cmath>

#include "results/sql.h"

namespace diffbench::results {
namespace {

struct Circumstance {
  const char* group;
  const char* entry;
  const char* sql;  // of table machine (m) or rank (r)
};

// What makes two times incomparable when it differs. Not the host's name: containers get a new one each time.
constexpr std::array kOfMachine = {
    Circumstance{"machine", "cpu_model", "m.cpu_model"},
    Circumstance{"machine", "core_count", "m.core_count"},
    Circumstance{"machine", "usable_core_count", "m.usable_core_count"},
    Circumstance{"machine", "memory_gib", "CAST(round(m.memory_bytes / 1073741824.0) AS INTEGER)"},
    Circumstance{"machine", "gpu_names", "m.gpu_names"},
    Circumstance{"machine", "kernel", "m.kernel"},
    Circumstance{"machine", "governor", "m.governor"},
    Circumstance{"machine", "turbo", "m.turbo"},
    Circumstance{"machine", "smt", "m.smt"},
    Circumstance{"machine", "huge_pages", "m.huge_pages"},
    Circumstance{"machine", "clock_source", "m.clock_source"},
    Circumstance{"library", "compiler", "m.compiler"},
    Circumstance{"library", "compiler_flags", "m.compiler_flags"},
    Circumstance{"library", "build_type", "m.build_type"},
    Circumstance{"library", "torch_version", "m.torch_version"},
    Circumstance{"library", "mpi_version", "m.mpi_version"},
    Circumstance{"library", "cuda_version", "m.cuda_version"},
    Circumstance{"library", "driver_version", "m.driver_version"},
    Circumstance{"library", "allocator", "m.allocator"},
    Circumstance{"layout", "settings", "m.settings"},
};
constexpr std::array kOfRank = {
    Circumstance{"layout", "devices", "r.device"},
    Circumstance{"layout", "threads", "r.threads"},
    Circumstance{"layout", "torch_threads", "r.torch_threads"},
    Circumstance{"layout", "omp_threads", "r.omp_threads"},
    Circumstance{"layout", "binding", "r.binding"},
};

class Reader {
 public:
  Reader(const Store& store, MeasuredRun& run) : store_(store), database_(store.database()), run_(run) {}

  void read() {
    run_.row = store_.run(run_.id);
    read_status();
    run_.circumstances["suite"] = {{"suite_name", run_.row.suite_name},
                                   {"suite_sha", run_.row.suite_sha},
                                   {"seed", std::to_string(run_.row.seed)}};
    for (const auto& one : kOfMachine) read_circumstance(one, "machine AS m WHERE m.run = ?");
    for (const auto& one : kOfRank) read_circumstance(one, "rank AS r WHERE r.run = ?");
    run_.hosts = text("SELECT group_concat(host, ', ') FROM (SELECT host FROM machine WHERE run = ? ORDER BY host)");
    run_.circumstances["layout"]["hosts"] = text("SELECT count(*) FROM machine WHERE run = ?");
    for (StoredCell& cell : store_.cells(run_.id)) {
      places_[cell.id] = run_.cells.size();
      run_.cells.emplace_back().stored = std::move(cell);
    }
    read_timings();
    read_estimates();
    read_quality();
    read_files();
  }

 private:
  void read_status() {
    SQLite::Statement row(database_, "SELECT status, uid FROM run WHERE id = ?");
    bind_all(row, run_.id);
    row.executeStep();
    run_.status = row.getColumn(0).getString();
    run_.uid = row.getColumn(1).getString();
    if (run_.status == "running") {
      throw DatabaseError(store_.name() + ": run " + std::to_string(run_.id) +
                          " was never finished; go on with it: diffbench run --resume");
    }
  }

  std::string text(const std::string& sql) {
    SQLite::Statement row(database_, sql);
    bind_all(row, run_.id);
    row.executeStep();
    return row.getColumn(0).getString();
  }

  // values that all machines or ranks share once, others all of them
  void read_circumstance(const Circumstance& one, const std::string& source) {
    run_.circumstances[one.group][one.entry] =
        text("SELECT group_concat(value, ' | ') FROM (SELECT DISTINCT ifnull(" + std::string(one.sql) +
             ", 'not known') AS value FROM " + source + " ORDER BY value)");
  }

  // the cell that stands in the row's first column
  MeasuredCell& of(SQLite::Statement& row) { return run_.cells[places_.at(row.getColumn(0).getInt64())]; }

  void read_timings() {
    SQLite::Statement row(database_,
                          "SELECT cell, round, duration_ns, samples, energy_j FROM cell_repetition WHERE cell IN "
                          "(SELECT id FROM cell WHERE run = ? AND status = 'ok') ORDER BY cell, round, repetition");
    struct Sums {
      double ns = 0, samples = 0, j = 0;
      bool has_energy = true;
    };
    std::map<std::pair<std::int64_t, int>, Sums> sums;
    for (bind_all(row, run_.id); row.executeStep();) {
      const double duration = row.getColumn(2).getDouble();
      of(row).durations_ns.push_back(duration);
      Sums& sum = sums[{row.getColumn(0).getInt64(), row.getColumn(1).getInt()}];
      sum.ns += duration;
      sum.samples += row.getColumn(3).getDouble();
      sum.has_energy = sum.has_energy && !row.getColumn(4).isNull();
      sum.j += row.getColumn(4).getDouble();
    }
    for (const auto& [place, sum] : sums) {
      run_.cells[places_.at(place.first)].rounds[place.second] = {
          .ns_per_sample = sum.ns / sum.samples,
          .j_per_sample = sum.has_energy ? std::optional(sum.j / sum.samples) : std::nullopt};
    }
  }

  void read_estimates() {
    SQLite::Statement row(database_,
                          "SELECT cell, metric, value, low, high, confidence, n, rule FROM estimate WHERE cell IN "
                          "(SELECT id FROM cell WHERE run = ?)");
    for (bind_all(row, run_.id); row.executeStep();) {
      const std::string metric = row.getColumn(1).getString();
      of(row).estimates[metric] = {.cell = row.getColumn(0).getInt64(),
                                   .metric = metric,
                                   .value = row.getColumn(2).getDouble(),
                                   .low = optional_real(row.getColumn(3)),
                                   .high = optional_real(row.getColumn(4)),
                                   .confidence = row.getColumn(5).getDouble(),
                                   .n = row.getColumn(6).getInt64(),
                                   .rule = row.getColumn(7).getString()};
    }
  }

  void read_quality() {
    run_.quality_metrics = store_.quality_metrics();
    SQLite::Statement row(database_,
                          "SELECT cell, name, metric, extractor, value, low, high, confidence, rule, n, "
                          "sample_checksum, mode, to_uint8, extractor_sha, reference_sha FROM cell_quality WHERE run = "
                          "?");
    for (bind_all(row, run_.id); row.executeStep();) {
      of(row).quality[row.getColumn(1).getString()] = {.row = {.cell = row.getColumn(0).getInt64(),
                                                               .metric = row.getColumn(2).getString(),
                                                               .extractor = row.getColumn(3).getInt(),
                                                               .value = row.getColumn(4).getDouble(),
                                                               .low = optional_real(row.getColumn(5)),
                                                               .high = optional_real(row.getColumn(6)),
                                                               .confidence = row.getColumn(7).getDouble(),
                                                               .rule = row.getColumn(8).getString(),
                                                               .n = row.getColumn(9).getInt64(),
                                                               .sample_checksum = row.getColumn(10).getString()},
                                                       .mode = row.getColumn(11).getString(),
                                                       .to_uint8 = row.getColumn(12).getString(),
                                                       .extractor_sha = row.getColumn(13).getString(),
                                                       .reference_sha = row.getColumn(14).getString()};
    }
  }

  void read_files() {
    SQLite::Statement row(database_,
                          "SELECT cell, role, group_concat(sha256, ' ') FROM (SELECT cell, role, sha256 FROM artifact "
                          "WHERE cell IN (SELECT id FROM cell WHERE run = ?) ORDER BY cell, role, sha256) GROUP BY "
                          "cell, role");
    for (bind_all(row, run_.id); row.executeStep();) {
      of(row).files[row.getColumn(1).getString()] = row.getColumn(2).getString();
    }
  }

  const Store& store_;
  SQLite::Database& database_;
  MeasuredRun& run_;
  std::map<std::int64_t, std::size_t> places_{};  // cell -> its place in run_.cells
};

}  // namespace

MeasuredRun read_run(const Store& store, std::int64_t run_id) {
  return guarded(store.name(), [&] {
    MeasuredRun run;
    run.database = store.name();
    run.id = run_id;
    Reader(store, run).read();
    return run;
  });
}

std::string machine_fingerprint(const MeasuredRun& run) {
  const auto& machine = run.circumstances.at("machine");
  const std::string gpus = machine.at("gpu_names") == "[]" ? "no GPU" : machine.at("gpu_names");
  return machine.at("cpu_model") + "; " + machine.at("usable_core_count") + " of " + machine.at("core_count") +
         " cores; " + machine.at("memory_gib") + " GiB; " + gpus;
}

}  // namespace diffbench::results
