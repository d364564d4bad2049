// Normals per second against the machine's copy rate: how far noise generation is from merely writing the bytes.

#include <benchmark/benchmark.h>

#include <cstring>
#include <numeric>
#include <vector>

#include "kernels/philox_normal/philox_normal.h"

namespace {

using diffbench::kernels::PhiloxNormalArgs;

constexpr int64_t kRows = 64;

void fill(benchmark::State& state, void (*kernel)(const PhiloxNormalArgs&)) {
  const int64_t elements = state.range(0);
  std::vector<float> out(static_cast<size_t>(kRows * elements));
  std::vector<int64_t> samples(kRows);
  std::iota(samples.begin(), samples.end(), 0);
  for (auto _ : state) {
    kernel({out.data(), samples.data(), kRows, elements, 1, 0});
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * kRows * elements * static_cast<int64_t>(sizeof(float)));
}

void copy(benchmark::State& state) {
  const auto bytes = static_cast<size_t>(kRows * state.range(0)) * sizeof(float);
  std::vector<char> from(bytes, 1);
  std::vector<char> to(bytes);
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), bytes);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes));
}

BENCHMARK_CAPTURE(fill, reference, diffbench::kernels::philox_normal_reference)->Arg(28 * 28)->Arg(3 * 32 * 32);
BENCHMARK_CAPTURE(fill, cpu, diffbench::kernels::philox_normal_cpu)->Arg(28 * 28)->Arg(3 * 32 * 32);
BENCHMARK(copy)->Arg(28 * 28)->Arg(3 * 32 * 32);

}  // namespace
