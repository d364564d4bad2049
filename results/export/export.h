#pragma once
// Traces and tables of a results file for other tools: `diffbench export`.
//
//   const Store store = Store::open_read_only("results.db");
//   const ExportResult result = export_run(store, *find_export_format("chrome"), {.run = 3}, "trace.json");
//
// A trace whose name ends in .gz is compressed. Every format is a pure function of the file, and is written row by row:
// memory does not grow with the profile (what is kept are the distinct names and the tracks). A file is written under
// another name and moved into place, so it is whole or not there. Errors are DatabaseError, one line.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "results/store.h"

namespace diffbench::results {

struct StepRange {
  std::int64_t first = 0;  // both as in column scope.step
  std::int64_t last = 0;
};

struct ExportOptions {
  std::optional<std::int64_t> run{};  // none: the newest one with a profile (tables: the newest one)
  std::optional<int> rank{};          // none: all ranks; nsys: rank 0
  // traces only: what of a long profile is written
  std::function<bool(const std::string& key)> wants_cell{};  // empty: all
  std::optional<StepRange> steps{};                          // none: all, and what lies around steps
};

// What a trace shows of a profile.
struct ExportWindow {
  std::vector<std::int64_t> cells{};  // ids; empty: all
  std::optional<StepRange> steps{};
  bool is_all() const { return cells.empty() && !steps; }
};

struct ExportResult {
  std::int64_t run = 0;
  std::vector<int> ranks{};    // empty for tables
  std::int64_t row_count = 0;  // scopes and activities, or lines of the table
};

// What a writer of one format gets: the run and its ranks are there.
struct ExportRequest {
  const Store& store;
  std::int64_t run;
  std::vector<int> ranks;
  std::filesystem::path path;  // of the temporary file
  bool is_compressed = false;
  ExportWindow window{};
};

struct ExportFormat {
  std::string_view name;
  std::string_view summary;
  bool needs_profile;
  bool one_rank;  // a file holds one rank
  bool is_trace;  // a stream of events, which may be compressed and cut to a window
  std::int64_t (*write)(const ExportRequest& request);
};

std::span<const ExportFormat> export_formats();
const ExportFormat* find_export_format(std::string_view name);  // nullptr: there is none

ExportResult export_run(const Store& store, const ExportFormat& format, const ExportOptions& options,
                        const std::filesystem::path& output);

}  // namespace diffbench::results
