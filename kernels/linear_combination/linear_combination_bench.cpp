// An update of 3 sources and 2 outputs in place, against one pass per term and against the machine's copy rate. bytes/s
// counts what the update must move at least: every source read once and every output written once.

#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

#include "kernels/linear_combination/linear_combination.h"

namespace {

using diffbench::kernels::linear_combination_cpu;
using diffbench::kernels::linear_combination_reference;
using diffbench::kernels::LinearCombinationArgs;

constexpr int64_t kRows = 64;
constexpr int kSources = 3;
constexpr int kOutputs = 2;
// every term is there, and repeating the update in place neither grows nor fades into subnormal numbers
constexpr double kTable[kOutputs * kSources] = {0.7, 0.2, 0.1, 0.3, 0.5, -0.2};

void count_bytes(benchmark::State& state, size_t element_bytes) {
  state.SetBytesProcessed(state.iterations() * kRows * state.range(0) * (kSources + kOutputs) *
                          static_cast<int64_t>(element_bytes));
}

template <typename T>
void update(benchmark::State& state, void (*kernel)(const LinearCombinationArgs<T>&), bool per_row) {
  const int64_t elements = state.range(0);
  const auto size = static_cast<size_t>(kRows * elements);
  std::vector<T> x(size, T{1});
  std::vector<T> d(size, T{1});
  std::vector<T> history(size, T{1});
  std::vector<double> table;
  for (int64_t row = 0; row < kRows; ++row) {
    table.insert(table.end(), kTable, kTable + kOutputs * kSources);
  }
  const int64_t stride = per_row ? kOutputs * kSources : 0;
  for (auto _ : state) {
    kernel({{x.data(), d.data(), history.data()},
            {x.data(), history.data()},
            kSources,
            kOutputs,
            table.data(),
            stride,
            kRows,
            elements});
    benchmark::ClobberMemory();
  }
  count_bytes(state, sizeof(T));
}

template <typename T>
void reference(benchmark::State& state) {
  update<T>(state, linear_combination_reference<T>, false);
}
template <typename T>
void cpu(benchmark::State& state) {
  update<T>(state, linear_combination_cpu<T>, false);
}
template <typename T>
void cpu_per_row(benchmark::State& state) {
  update<T>(state, linear_combination_cpu<T>, true);
}

// what separate tensor operations do: out = c0 * s0; out += c1 * s1; ... for each output
template <typename T>
void pass_per_term(benchmark::State& state) {
  const auto size = static_cast<size_t>(kRows * state.range(0));
  const std::vector<std::vector<T>> sources(kSources, std::vector<T>(size, T{1}));
  std::vector<std::vector<T>> outputs(kOutputs, std::vector<T>(size));
  for (auto _ : state) {
    for (size_t o = 0; o < kOutputs; ++o) {
      T* __restrict out = outputs[o].data();
      for (size_t k = 0; k < kSources; ++k) {
        const T* source = sources[k].data();
        const T coefficient = static_cast<T>(kTable[o * kSources + k]);
        for (size_t i = 0; i < size; ++i) {
          out[i] = k == 0 ? coefficient * source[i] : out[i] + coefficient * source[i];
        }
        benchmark::ClobberMemory();
      }
    }
  }
  count_bytes(state, sizeof(T));
}

// the same number of bytes, half of them read and half written
template <typename T>
void copy(benchmark::State& state) {
  const auto bytes = static_cast<size_t>(kRows * state.range(0) * (kSources + kOutputs)) * sizeof(T) / 2;
  std::vector<char> from(bytes, 1);
  std::vector<char> to(bytes);
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), bytes);
    benchmark::ClobberMemory();
  }
  count_bytes(state, sizeof(T));
}

constexpr int64_t kSmall = 28 * 28;
constexpr int64_t kLarge = 3 * 128 * 128;  // 63 MB in float32

void small_and_large(benchmark::internal::Benchmark* benchmark) { benchmark->Arg(kSmall)->Arg(kLarge); }

BENCHMARK(reference<float>)->Apply(small_and_large);
BENCHMARK(cpu<float>)->Apply(small_and_large);
BENCHMARK(cpu_per_row<float>)->Apply(small_and_large);
BENCHMARK(pass_per_term<float>)->Apply(small_and_large);
BENCHMARK(copy<float>)->Apply(small_and_large);
BENCHMARK(reference<double>)->Apply(small_and_large);
BENCHMARK(cpu<double>)->Apply(small_and_large);
BENCHMARK(cpu_per_row<double>)->Apply(small_and_large);
BENCHMARK(pass_per_term<double>)->Apply(small_and_large);
BENCHMARK(copy<double>)->Apply(small_and_large);

}  // namespace
