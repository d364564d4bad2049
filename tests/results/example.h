#pragma once
// A small results file for the tests: one run, and cells that differ only in their key.
//
//   Example example;                                     // in memory
//   const std::int64_t full = example.add("full", CellRole::kBaseline);

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "results/store.h"

namespace diffbench::results {

inline RunRow example_run() {
  return {.suite_name = "demo", .suite_text = "[suite]", .suite_sha = "abc", .seed = 7, .program_version = "0.1.0"};
}

inline CellRow example_cell(const std::string& key, CellRole role = CellRole::kMethod, int ranks = 1,
                            const std::string& baseline_key = "") {
  return {.key = key,
          .method = key,
          .method_label = key,
          .role = role,
          .baseline_key = baseline_key,
          .model = "fashion_mnist",
          .model_fingerprint = "f00d",
          .solver = "ddim",
          .grid = "linspace",
          .steps = 20,
          .batch = 5,
          .ranks = ranks};
}

// metrics of quality, as the program names them to a file
inline const std::vector<MetricRow>& example_metrics() {
  static const std::vector<MetricRow> kRows = {
      {.name = "fid", .better = "lower", .summary_column = "fid", .comparison = "ratio", .smallest_effect = 0.02},
      {.name = "fid_difference",
       .better = "lower",
       .summary_column = "fid_difference",
       .comparison = "difference",
       .smallest_effect = 1},
      {.name = "recall", .better = "higher", .comparison = "difference", .smallest_effect = 0.05}};
  return kRows;
}

struct Example {
  Example() { store.put_metrics(example_metrics()); }

  Store store = Store::open_or_create(":memory:");
  std::int64_t run = store.begin_run(example_run());

  std::int64_t add(const CellRow& row) { return store.add_cells(run, std::vector{row}).front(); }
  // one repetition: a duration per rank, 5 samples each
  void time(std::int64_t cell, int round, int repetition, const std::vector<std::int64_t>& durations_ns) {
    std::vector<TimingRow> rows;
    for (std::size_t rank = 0; rank < durations_ns.size(); ++rank) {
      rows.push_back({.cell = cell,
                      .round = round,
                      .repetition = repetition,
                      .rank = static_cast<int>(rank),
                      .duration_ns = durations_ns[rank],
                      .samples = 5});
    }
    store.add_timings(rows);
  }
};

// A folder that goes with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "diffbench_results_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::filesystem::path file(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace diffbench::results
