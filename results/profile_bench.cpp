// How fast a profile is stored (put_profile of one rank into a new file, commit included) and exported: activities per
// second of processor time, and bytes of the file per activity.
//
//   build/release/bin/profile_bench --benchmark_filter=store

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>

#include "results/export/export.h"
#include "results/store.h"

namespace {

using namespace diffbench::results;
namespace fs = std::filesystem;

constexpr std::int64_t kActivitiesPerScope = 12;  // as in a transformer block
constexpr std::int64_t kNameCount = 40;

// Scopes one after another on one thread, each with its activities.
ProfileRow make_profile(std::int64_t activity_count, std::int64_t cell) {
  ProfileRow profile{.device_name = "CPU", .process_id = 4242};
  for (std::int64_t name = 0; name < kNameCount; ++name)
    profile.strings.push_back("aten::operator_" + std::to_string(name));
  std::int64_t now_ns = 1'700'000'000'000'000'000;
  for (std::int64_t i = 0; i < activity_count; ++i) {
    if (i % kActivitiesPerScope == 0) {
      const std::int64_t id = i / kActivitiesPerScope + 1;
      profile.scopes.push_back({.id = id,
                                .phase = ScopePhase::kBlock,
                                .thread = 4242,
                                .cell = cell,
                                .step = id / 13,
                                .evaluation = id / 13,
                                .t = 500,
                                .block = id % 13,
                                .rows = 64,
                                .rows_inside = 40,
                                .begin_ns = now_ns,
                                .end_ns = now_ns + kActivitiesPerScope * 1000});
    }
    profile.activities.push_back({.kind = ActivityKind::kCpuOperator,
                                  .attribution = Attribution::kExternal,
                                  .name = static_cast<std::uint32_t>(i % kNameCount),
                                  .scope = profile.scopes.back().id,
                                  .thread = 4242,
                                  .begin_ns = now_ns,
                                  .end_ns = now_ns + 900,
                                  .flops = 1e6,
                                  .moved_bytes = 1e5});
    now_ns += 1000;
  }
  return profile;
}

// a file in the temporary folder that goes with the object
struct TemporaryFile {
  explicit TemporaryFile(const std::string& name)
      : path(fs::temp_directory_path() / ("profile_bench-" + std::to_string(::getpid()) + "-" + name)) {
    fs::remove(path);
  }
  ~TemporaryFile() { fs::remove(path); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  fs::path path;
};

void report(benchmark::State& state, const fs::path& file) {
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["bytes_per_row"] = static_cast<double>(fs::file_size(file)) / static_cast<double>(state.range(0));
}

void store(benchmark::State& state) {
  const TemporaryFile file("results.db");
  for (auto _ : state) {
    state.PauseTiming();
    fs::remove(file.path);
    Store database = Store::open_or_create(file.path);
    const std::int64_t run = database.begin_run({.suite_name = "bench"});
    const std::int64_t cell = database.add_cells(run, std::vector<CellRow>{{.key = "full"}}).front();
    const ProfileRow profile = make_profile(state.range(0), cell);
    state.ResumeTiming();
    database.put_profile(run, profile);
  }
  report(state, file.path);
}
BENCHMARK(store)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void export_format(benchmark::State& state, const char* format) {
  const TemporaryFile file("results.db");
  const TemporaryFile output(format);
  Store database = Store::open_or_create(file.path);
  const std::int64_t run = database.begin_run({.suite_name = "bench"});
  const std::int64_t cell = database.add_cells(run, std::vector<CellRow>{{.key = "full"}}).front();
  database.put_profile(run, make_profile(state.range(0), cell));
  for (auto _ : state) {
    export_run(database, *find_export_format(format), {}, output.path);
  }
  report(state, output.path);
}
BENCHMARK_CAPTURE(export_format, nsys, "nsys")->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(export_format, chrome, "chrome")->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(export_format, perfetto, "perfetto")->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
