// The gate over 64 rows of 51 tokens of 128 elements (a small U-ViT), and over one that no cache holds, against the
// machine's copy rate. bytes/s counts every token once; the copy moves as many bytes, half read and half written.

#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

#include "kernels/exit_gate/exit_gate.h"

namespace {

using namespace diffbench::kernels;

constexpr int64_t kTokens = 51;

template <typename T>
T one();
template <>
float one() {
  return 1.0f;
}
template <>
double one() {
  return 1.0;
}
template <>
Bfloat16 one() {
  return {0x3f80};
}

template <typename T>
void count_bytes(benchmark::State& state) {
  state.SetBytesProcessed(state.iterations() * state.range(0) * kTokens * state.range(1) *
                          static_cast<int64_t>(sizeof(T)));
}

template <typename T>
size_t size_of_tokens(const benchmark::State& state) {
  return static_cast<size_t>(state.range(0) * kTokens * state.range(1));
}

template <typename T>
void run(benchmark::State& state, void (*kernel)(const ExitGateArgs<T>&)) {
  using Sum = typename ExitGateArgs<T>::Sum;
  const auto rows = static_cast<size_t>(state.range(0));
  const std::vector<T> tokens(size_of_tokens<T>(state), one<T>());
  const std::vector<Sum> weight(static_cast<size_t>(state.range(1)), Sum(0.01));
  std::vector<float> uncertainty(rows);
  const ExitGateArgs<T> args{
      tokens.data(), kTokens * state.range(1), state.range(0), kTokens, state.range(1), weight.data(), Sum(-1),
      nullptr,       uncertainty.data()};
  for (auto _ : state) {
    kernel(args);
    benchmark::ClobberMemory();
  }
  count_bytes<T>(state);
}

template <typename T>
void reference(benchmark::State& state) {
  run<T>(state, exit_gate_reference<T>);
}
template <typename T>
void cpu(benchmark::State& state) {
  run<T>(state, exit_gate_cpu<T>);
}

template <typename T>
void copy(benchmark::State& state) {
  const size_t bytes = size_of_tokens<T>(state) * sizeof(T) / 2;
  const std::vector<char> from(bytes, 1);
  std::vector<char> to(bytes);
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), bytes);
    benchmark::ClobberMemory();
  }
  count_bytes<T>(state);
}

void small_and_large(benchmark::internal::Benchmark* benchmark) { benchmark->Args({64, 128})->Args({256, 1024}); }

BENCHMARK(reference<float>)->Apply(small_and_large);
BENCHMARK(cpu<float>)->Apply(small_and_large);
BENCHMARK(copy<float>)->Apply(small_and_large);
BENCHMARK(cpu<Bfloat16>)->Apply(small_and_large);
BENCHMARK(copy<Bfloat16>)->Apply(small_and_large);
BENCHMARK(cpu<double>)->Apply(small_and_large);
BENCHMARK(copy<double>)->Apply(small_and_large);

}  // namespace
