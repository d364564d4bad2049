// What the parts of an evaluation cost by the number of rows, on the zoo's backbone: a block (the middle one), the
// head, a gate's probe, and moving half of the rows together with six pending long skips. One CPU thread, float32.
//
//   build/release/bin/block_time_bench --benchmark_filter='block|compaction'

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>

#include <numeric>

#include "methods/exits/compaction.h"
#include "methods/model/freed_memory.h"
#include "methods/model/model.h"
#include "methods/uncertainty_exit/token_gates.h"
#include "methods/uncertainty_exit/uncertainty_policy.h"

namespace {

using namespace diffbench;
namespace gates = diffbench::methods::uncertainty_exit;

constexpr int64_t kMostRows = 64;

const Model& model() {
  static const auto kLoaded = load_model("fashion_mnist", resolve_compute("cpu", "fp32"));
  return *kLoaded;
}

// as after the encoder: every long skip is pending
backbones::Hidden hidden_of(int64_t rows) {
  auto& backbone = *model().network.backbone;
  auto hidden = backbone.embed(at::randn({rows, 1, 28, 28}), std::vector<double>(static_cast<size_t>(rows), 500.0), {});
  for (int block = 0; block < backbone.block_count() / 2; ++block) {
    backbone.run_block(block, hidden);
  }
  return hidden;
}

void block(benchmark::State& state) {
  const c10::InferenceMode inference;
  auto& backbone = *model().network.backbone;
  const auto hidden = hidden_of(state.range(0));
  const int middle = backbone.block_count() / 2;
  for (auto _ : state) {
    auto work = hidden;
    backbone.transform(middle, work);
    benchmark::DoNotOptimize(work.tokens.data_ptr());
  }
  state.counters["flop/s"] = benchmark::Counter(backbone.cost(middle).flops * static_cast<double>(state.range(0)),
                                                benchmark::Counter::kIsIterationInvariantRate);
}

void head(benchmark::State& state) {
  const c10::InferenceMode inference;
  const auto hidden = hidden_of(state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(model().network.backbone->head(hidden).data_ptr());
  }
}

void probe(benchmark::State& state) {
  const c10::InferenceMode inference;
  const auto hidden = hidden_of(state.range(0));
  exits::Rows rows(static_cast<size_t>(state.range(0)));
  std::iota(rows.begin(), rows.end(), int64_t{0});
  const auto& backbone = *model().network.backbone;
  const auto heads =
      std::make_shared<gates::UncertaintyHeads>(backbone, gates::UncertaintyOptions{.exit_heads = false});
  gates::UncertaintyPolicy policy(std::make_unique<gates::TokenGates>(heads, model()), backbone.block_count(),
                                  {.threshold = 0.0});
  policy.begin_evaluation({{}, hidden.t, {}, diffbench::numbered_members(state.range(0))});
  for (auto _ : state) {
    benchmark::DoNotOptimize(policy.decide(0, hidden, rows).kind);
  }
}

// every other row leaves; the tensors are made anew each time, untimed
void compaction(benchmark::State& state) {
  const c10::InferenceMode inference;
  const auto source = hidden_of(state.range(0));
  std::vector<int64_t> stay;
  std::vector<int64_t> everybody;
  for (int64_t row = 0; row < state.range(0); ++row) {
    everybody.push_back(row);
    if (row % 2 == 0) {
      stay.push_back(row);
    }
  }
  for (auto _ : state) {
    state.PauseTiming();
    auto hidden = source.select(everybody, true);
    state.ResumeTiming();
    exits::compact_rows(hidden, stay);
    benchmark::DoNotOptimize(hidden.tokens.data_ptr());
  }
}

void by_rows(benchmark::internal::Benchmark* benchmark) {
  benchmark->RangeMultiplier(2)->Range(1, kMostRows)->Unit(benchmark::kMicrosecond);
}

BENCHMARK(block)->Apply(by_rows);
BENCHMARK(head)->Apply(by_rows);
BENCHMARK(probe)->Apply(by_rows);
BENCHMARK(compaction)->Apply(by_rows);

}  // namespace

int main(int argc, char** argv) {
  diffbench::keep_freed_memory();
  at::set_num_threads(1);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 1;
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
