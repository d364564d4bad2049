// What recording adds to a LibTorch operator: a tiny addition, alone and recorded.
#include <ATen/ATen.h>
#include <benchmark/benchmark.h>

#include "profiling/cpu_operators.h"
#include "profiling/recorder.h"

namespace diffbench::profiling {
namespace {

void additions(benchmark::State& state) {
  const c10::InferenceMode inference;
  at::Tensor sum = at::zeros({16});
  const at::Tensor one = at::ones({16});
  for (auto _ : state) {
    sum.add_(one);
  }
}

void recorded(benchmark::State& state, bool with_shapes) {
  start_recording({.with_shapes = with_shapes, .operators = &cpu_operators()});
  additions(state);
  benchmark::DoNotOptimize(stop_recording());
}

BENCHMARK(additions)->Name("operator/before")->Iterations(500'000);
BENCHMARK_CAPTURE(recorded, records, false)->Name("operator/recording")->Iterations(500'000);
BENCHMARK_CAPTURE(recorded, shapes, true)->Name("operator/with_shapes")->Iterations(500'000);
BENCHMARK(additions)->Name("operator/after")->Iterations(500'000);

}  // namespace
}  // namespace diffbench::profiling

BENCHMARK_MAIN();
