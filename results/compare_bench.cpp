// How long a comparison and a merge of large files take: 1,000 cells, 100 rounds, two ranks.
//
//   build/release/bin/compare_bench

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "results/compare/run_choice.h"
#include "results/compare/verdicts.h"
#include "results/estimates.h"
#include "results/merge.h"
#include "results/store.h"

namespace {

using namespace diffbench::results;
namespace fs = std::filesystem;

constexpr int kCells = 1000;
constexpr int kRounds = 100;
constexpr int kRanks = 2;

// a folder that goes with the object
struct Folder {
  Folder() : path(fs::temp_directory_path() / ("compare_bench_" + std::to_string(::getpid()))) {
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  fs::path path;
};

// A run of ten comparisons: a `full` and 99 methods each.
void make_file(const fs::path& path, int phase) {
  Store store = Store::open_or_create(path);
  const auto run = store.begin_run({.suite_name = "large", .suite_sha = "a", .program_version = "1"});
  store.put_machine(run, {.host = "here", .cpu_model = "a", .core_count = 2, .usable_core_count = 2});
  for (int rank = 0; rank < kRanks; ++rank) store.put_rank(run, {.rank = rank, .host = "here", .device = "cpu"});
  std::vector<CellRow> rows;
  for (int i = 0; i < kCells; ++i) {
    const std::string group = std::to_string(i / 100);
    const bool is_full = i % 100 == 0;
    const std::string key = is_full ? "full/" + group : "method " + std::to_string(i) + "/" + group;
    rows.push_back({.key = key,
                    .method = is_full ? "full" : "method",
                    .method_label = key,
                    .role = is_full ? CellRole::kBaseline : CellRole::kMethod,
                    .baseline_key = is_full ? "" : "full/" + group,
                    .model = "m",
                    .solver = "ddim",
                    .grid = "trailing",
                    .ranks = kRanks,
                    .identity = key});
  }
  const auto ids = store.add_cells(run, rows);
  Transaction transaction(store);
  for (int i = 0; i < kCells; ++i) {
    std::vector<TimingRow> timings;
    for (int round = 0; round < kRounds; ++round) {
      for (int rank = 0; rank < kRanks; ++rank) {
        const double noise = 1 + 0.02 * std::sin(1.3 * round + 0.7 * i + 2.1 * phase + rank);
        timings.push_back({.cell = ids[static_cast<std::size_t>(i)],
                           .round = round,
                           .rank = rank,
                           .duration_ns = static_cast<std::int64_t>(1e8 * noise),
                           .samples = 8});
      }
    }
    store.add_timings(timings);
    store.set_cell_status(ids[static_cast<std::size_t>(i)], CellStatus::kOk);
  }
  transaction.commit();
  store_estimates(store, run);
  store.finish_run(run, true);
}

void compare(benchmark::State& state) {
  const Folder folder;
  for (int i = 0; i < 2; ++i) make_file(folder.path / (std::to_string(i) + ".db"), i);
  std::size_t rows = 0;
  for (auto _ : state) {
    const auto older = choose_run((folder.path / "0.db").string());
    const auto newer = choose_run((folder.path / "1.db").string());
    rows = compare_runs(read_run(older.store, older.run), read_run(newer.store, newer.run), {}, false).rows.size();
  }
  state.counters["verdicts"] = static_cast<double>(rows);
}
BENCHMARK(compare)->Unit(benchmark::kMillisecond);

void merge(benchmark::State& state) {
  const Folder folder;
  std::vector<fs::path> files;
  for (int i = 0; i < 10; ++i) make_file(files.emplace_back(folder.path / (std::to_string(i) + ".db")), i);
  for (auto _ : state) {
    fs::remove(folder.path / "out.db");
    merge_files(files, folder.path / "out.db");
  }
}
BENCHMARK(merge)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace

BENCHMARK_MAIN();
