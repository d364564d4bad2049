// What looking costs, in nanoseconds per scope or operation: with nobody listening, with a tool that reads ranges, and
// recording. The range sink here does nothing, so "ranges" is our part of a range alone: the record and its text.
#include <benchmark/benchmark.h>

#include "profiling/recorder.h"
#include "profiling/scope.h"

namespace diffbench::profiling {
namespace {

const RangeSink kSilentSink{[](const char* text) { benchmark::DoNotOptimize(text); }, [] {}};

void scopes(benchmark::State& state) {
  for (auto _ : state) {
    [[maybe_unused]] const Scope scope(Phase::kBlock, "uncertainty_exit", {.block = 3, .rows = 64, .rows_inside = 40});
    benchmark::ClobberMemory();  // the work inside
  }
}

void operations(benchmark::State& state) {
  for (auto _ : state) {
    [[maybe_unused]] const Operation operation("row_copy", {.moved_bytes = 4096.0});
    benchmark::ClobberMemory();
  }
}

void empty_loop(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::ClobberMemory();
  }
}

// as scopes really lie: inside others, whose step and t they take over
template <typename Body>
void recorded(benchmark::State& state, const RecorderOptions& options, const Body& body) {
  start_recording(options);
  {
    const Scope sampling(Phase::kSampling, "uncertainty_exit");
    const Scope evaluation(Phase::kEvaluation, "uncertainty_exit", {.step = 12, .evaluation = 12, .t = 0.372});
    body(state);
  }
  benchmark::DoNotOptimize(stop_recording());
}

BENCHMARK(empty_loop);
BENCHMARK(scopes)->Name("scope/off");
BENCHMARK(operations)->Name("operation/off");
BENCHMARK_CAPTURE(recorded, scope_ranges, {.mode = Mode::kNvtx, .ranges = &kSilentSink}, scopes)->Name("scope/ranges");
// a fixed count, as what is recorded is kept
BENCHMARK_CAPTURE(recorded, scope_records, {.mode = Mode::kActivities}, scopes)
    ->Name("scope/recording")
    ->Iterations(1'000'000);
BENCHMARK_CAPTURE(recorded, operation_records, {.mode = Mode::kActivities}, operations)
    ->Name("operation/recording")
    ->Iterations(1'000'000);

}  // namespace
}  // namespace diffbench::profiling
