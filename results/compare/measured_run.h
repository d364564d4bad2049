#pragma once
// One run as a comparison reads it: what it was measured on, and of each cell the raw values that verdicts rest on.
//
//   const MeasuredRun run = read_run(store, 12);
//   for (const MeasuredCell& cell : run.cells) use(cell.stored.row.key, cell.rounds);

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "results/store.h"

namespace diffbench::results {

struct MeasuredRound {
  double ns_per_sample = 0;
  std::optional<double> j_per_sample{};
};

// a quality value with what decides whether it may be compared
struct MeasuredQuality {
  QualityRow row{};
  std::string mode{};
  std::string to_uint8{};
  std::string extractor_sha{};
  std::string reference_sha{};
};

struct MeasuredCell {
  StoredCell stored{};
  std::map<int, MeasuredRound> rounds{};
  std::vector<double> durations_ns{};  // of counted repetitions, the slowest rank's
  std::map<std::string, EstimateRow, std::less<>> estimates{};
  std::map<std::string, MeasuredQuality, std::less<>> quality{};  // "fid", "fid@clip" of a further extractor
  std::map<std::string, std::string> files{};                     // role -> hashes
};

struct MeasuredRun {
  std::string database{};
  std::int64_t id = 0;
  RunRow row{};
  std::string status{};
  std::string uid{};
  // what it ran on, in groups: "machine" | "library" | "layout" | "suite", then the entry's name
  std::map<std::string, std::map<std::string, std::string>> circumstances{};
  std::string hosts{};
  std::vector<MetricRow> quality_metrics{};  // what its file says of them
  std::vector<MeasuredCell> cells{};         // in the order of the plan
};

// DatabaseError where the run is not there or has not been finished.
MeasuredRun read_run(const Store& store, std::int64_t run_id);

// Hash-free name of the hardware: processor, cores, memory in GiB, devices. Runs with equal ones may be compared.
std::string machine_fingerprint(const MeasuredRun& run);

}  // namespace diffbench::results
