#include "results/export/export.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "results/export/event_reader.h"
#include "results/export/formats.h"
#include "results/sql.h"

namespace diffbench::results {
namespace {

namespace fs = std::filesystem;

constexpr std::array kFormats = {
    ExportFormat{"nsys", "SQLite for readers of Nsight Systems' exports; one rank", true, true, false, write_nsys},
    ExportFormat{"chrome", "Trace Event JSON: Perfetto, HTA", true, false, true, write_chrome},
    ExportFormat{"perfetto", "Perfetto's protobuf trace", true, false, true, write_perfetto},
    ExportFormat{"gbench", "Google Benchmark's JSON, a row per repetition", false, false, false, write_gbench},
    ExportFormat{"bmf", "Bencher's metric format", false, false, false, write_bmf},
    ExportFormat{"github_action", "github-action-benchmark's customSmallerIsBetter", false, false, false,
                 write_github_action},
    ExportFormat{"conbench", "conbench's results, one per cell", false, false, false, write_conbench},
    ExportFormat{"csv", "the summary table", false, false, false, write_csv},
};

std::int64_t choose_run(const Store& store, const ExportFormat& format, const ExportOptions& options) {
  if (options.run) {
    store.run(*options.run);  // refuses a run that is not there
    return *options.run;
  }
  const auto newest = format.needs_profile ? store.latest_profiled_run() : store.latest_run();
  if (!newest) throw DatabaseError(store.name() + (format.needs_profile ? ": no run has a profile" : ": holds no run"));
  return *newest;
}

std::vector<int> choose_ranks(const Store& store, const ExportFormat& format, std::int64_t run,
                              const ExportOptions& options) {
  if (!format.needs_profile) {
    if (options.rank) throw DatabaseError("--rank: " + std::string(format.name) + " is not split by rank");
    return {};
  }
  const std::vector<int> profiled = store.profiled_ranks(run);
  const std::string place = store.name() + ": run " + std::to_string(run);
  if (profiled.empty()) throw DatabaseError(place + " has no profile");
  if (!options.rank && !format.one_rank) return profiled;
  const int rank = options.rank.value_or(0);
  if (std::find(profiled.begin(), profiled.end(), rank) == profiled.end()) {
    throw DatabaseError(place + " has no profile of rank " + std::to_string(rank));
  }
  return {rank};
}

// refuses what would show nothing, so that an empty trace is never taken for a fast one
ExportWindow choose_window(const Store& store, const ExportFormat& format, std::int64_t run,
                           const std::vector<int>& ranks, const ExportOptions& options) {
  if (!options.wants_cell && !options.steps) return {};
  if (!format.is_trace) throw DatabaseError("--only, --steps: " + std::string(format.name) + " is always whole");
  ExportWindow window{.steps = options.steps};
  SQLite::Statement cell(store.database(), "SELECT id, key FROM cell WHERE run = ? ORDER BY id");
  for (bind_all(cell, run); cell.executeStep();) {
    if (!options.wants_cell || options.wants_cell(cell.getColumn(1).getString())) {
      window.cells.push_back(cell.getColumn(0).getInt64());
    }
  }
  const std::string place = store.name() + ": run " + std::to_string(run);
  if (window.cells.empty()) throw DatabaseError(place + ": --only matches none of its cells");
  SQLite::Statement found(store.database(),
                          "SELECT 1 FROM scope WHERE run = ? AND rank = ? AND " + window_condition(window));
  const auto has_any = [&](int rank) {
    bind_all(found, run, rank);
    return found.executeStep();
  };
  if (std::none_of(ranks.begin(), ranks.end(), has_any)) {
    throw DatabaseError(place + ": nothing was recorded in these cells and steps");
  }
  return window;
}

bool is_same_file(const fs::path& a, const fs::path& b) {
  std::error_code none;
  return fs::equivalent(a, b, none);
}

}  // namespace

std::span<const ExportFormat> export_formats() { return kFormats; }

const ExportFormat* find_export_format(std::string_view name) {
  const auto found =
      std::find_if(kFormats.begin(), kFormats.end(), [&](const auto& format) { return format.name == name; });
  return found == kFormats.end() ? nullptr : &*found;
}

ExportResult export_run(const Store& store, const ExportFormat& format, const ExportOptions& options,
                        const fs::path& output) {
  const std::int64_t run = choose_run(store, format, options);
  const std::vector<int> ranks = choose_ranks(store, format, run, options);
  const ExportWindow window = guarded(store.name(), [&] { return choose_window(store, format, run, ranks, options); });
  const bool is_compressed = output.extension() == ".gz";
  if (is_compressed && !format.is_trace) {
    throw DatabaseError(output.string() + ": " + std::string(format.name) + " is not compressed; leave .gz away");
  }
  if (is_same_file(store.name(), output)) throw DatabaseError(output.string() + ": is the results file itself");
  if (fs::is_directory(output)) throw DatabaseError(output.string() + ": is a folder");
  const fs::path folder = output.has_parent_path() ? output.parent_path() : fs::path(".");
  if (!fs::is_directory(folder)) {
    throw DatabaseError(output.string() + ": cannot be written: there is no folder " + folder.string());
  }
  const fs::path temporary = output.string() + ".writing-" + std::to_string(::getpid());
  std::error_code error;
  fs::remove(temporary, error);
  try {
    const ExportRequest request{.store = store,
                                .run = run,
                                .ranks = ranks,
                                .path = temporary,
                                .is_compressed = is_compressed,
                                .window = window};
    const std::int64_t rows = guarded(store.name(), [&] { return format.write(request); });
    fs::rename(temporary, output, error);
    if (error) throw DatabaseError(output.string() + ": cannot be written: " + error.message());
    return {.run = run, .ranks = ranks, .row_count = rows};
  } catch (...) {
    fs::remove(temporary, error);
    throw;
  }
}

}  // namespace diffbench::results
