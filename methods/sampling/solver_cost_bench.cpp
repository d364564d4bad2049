// What a solver costs beside the network: every step of every solver with the `null` method (noise, updates, the loop
// itself), in one loop with evaluations of the zoo's backbone, so that a busy machine slows both. Batch 64, one thread,
// float32. Counters: ns per evaluation of both, and their ratio in per cent.
//
//   build/release/bin/solver_cost_bench --benchmark_filter=unipc

#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>

#include <chrono>
#include <numeric>

#include "methods/model/freed_memory.h"
#include "methods/registry.h"
#include "methods/sampling/sampler.h"
#include "methods/solvers/solver_table.h"

namespace {

using namespace diffbench;

constexpr int64_t kBatch = 64;
constexpr int kSteps = 10;

double ns_of(const auto& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}

void solver_cost(benchmark::State& state, const solvers::SolverEntry& entry) {
  static const auto kModel = load_model("fashion_mnist", resolve_compute("cpu", "fp32"));
  const auto denoiser = [&](const char* name) {
    return methods::make_method(name, nlohmann::json::object(), {.model = kModel, .load = {}, .where = name});
  };
  const auto null = denoiser("null");
  const auto full = denoiser("full");
  const Sampler sampler(
      solvers::make_plan({.solver = entry.name, .grid = entry.grids.front(), .steps = kSteps}, *kModel->schedule),
      *kModel);
  std::vector<int64_t> samples(kBatch);
  std::iota(samples.begin(), samples.end(), int64_t{0});
  PhiloxNoise noise(0, samples, {1, 28, 28}, kModel->compute);
  const auto labels = default_labels(samples, kModel->network.classes, kModel->compute);
  const auto x = noise.initial();
  const std::vector<double> t(kBatch, 500.0);
  const c10::InferenceMode inference;
  const auto evaluations = static_cast<double>(sampler.plan().evaluations.size());
  double solver_ns = 0.0;
  double network_ns = 0.0;
  for (auto _ : state) {
    Trace trace;
    EvaluationTrace evaluation;
    const double all_steps_ns = ns_of([&] { benchmark::DoNotOptimize(sampler.run(*null, noise, labels, trace)); });
    network_ns += ns_of([&] {
      benchmark::DoNotOptimize(full->predict({x, t, labels, numbered_members(x.size(0))}, evaluation));
    });
    solver_ns += all_steps_ns / evaluations;
    state.SetIterationTime(all_steps_ns / evaluations * 1e-9);
  }
  const auto iterations = static_cast<double>(state.iterations());
  state.counters["solver_ns"] = solver_ns / iterations;
  state.counters["network_ns"] = network_ns / iterations;
  state.counters["percent_of_network"] = 100.0 * solver_ns / network_ns;
}

}  // namespace

int main(int argc, char** argv) {
  diffbench::keep_freed_memory();
  at::set_num_threads(1);
  for (const auto& entry : solvers::solver_table()) {
    if (!entry.grids.empty()) {  // the zoo's noise schedule is discrete
      benchmark::RegisterBenchmark(entry.name.c_str(), solver_cost, entry)
          ->UseManualTime()
          ->Unit(benchmark::kMicrosecond)
          ->Iterations(20);
    }
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 1;
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
