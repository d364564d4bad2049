// Half of 64 rows kept in 13 tensors of [64, 51, 128] floats (the activations and long skips of a small U-ViT), against
// the machine's copy rate. bytes/s counts every moved row once as read and once as written.

#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

#include "kernels/row_copy/row_copy.h"

namespace {

using namespace diffbench::kernels;

constexpr int64_t kRows = 64;
constexpr int64_t kRowFloats = 51 * 128;
constexpr int64_t kRowBytes = kRowFloats * static_cast<int64_t>(sizeof(float));

// which half survives: `scattered` keeps about every second row, else the odd runs that a batch shows in practice
std::vector<int64_t> half_of_rows(bool scattered) {
  std::vector<int64_t> rows;
  for (int64_t row = 0; row < kRows; ++row) {
    if (scattered ? row % 2 == 1 : row / 4 % 2 == 1) {
      rows.push_back(row);
    }
  }
  return rows;
}

void count_bytes(benchmark::State& state) {
  state.SetBytesProcessed(state.iterations() * state.range(0) * kRows / 2 * kRowBytes * 2);
}

using Tensors = std::vector<std::vector<float>>;

Tensors make_tensors(int64_t count) {
  return Tensors(static_cast<size_t>(count), std::vector<float>(static_cast<size_t>(kRows * kRowFloats), 1.0f));
}

void run(benchmark::State& state, void (*kernel)(const RowCopyArgs&), bool in_place, bool scattered) {
  Tensors sources = make_tensors(state.range(0));
  Tensors destinations = make_tensors(state.range(0));
  const std::vector<int64_t> rows = half_of_rows(scattered);
  RowCopyArgs args{{}, static_cast<int>(state.range(0)), rows.data(), static_cast<int64_t>(rows.size()), kRows};
  for (size_t t = 0; t < sources.size(); ++t) {
    args.tensors[t] = {sources[t].data(), in_place ? sources[t].data() : destinations[t].data(), kRowBytes};
  }
  for (auto _ : state) {
    kernel(args);
    benchmark::ClobberMemory();
  }
  count_bytes(state);
}

void gather_reference(benchmark::State& state) { run(state, row_copy_reference, false, true); }
void gather(benchmark::State& state) { run(state, row_copy_cpu, false, true); }
void gather_runs_of_four(benchmark::State& state) { run(state, row_copy_cpu, false, false); }
void gather_in_place(benchmark::State& state) { run(state, row_copy_cpu, true, true); }

// the same bytes, tensor by tensor, contiguous on both sides
void copy(benchmark::State& state) {
  const Tensors sources = make_tensors(state.range(0));
  Tensors destinations = make_tensors(state.range(0));
  for (auto _ : state) {
    for (size_t t = 0; t < sources.size(); ++t) {
      std::memcpy(destinations[t].data(), sources[t].data(), static_cast<size_t>(kRows / 2 * kRowBytes));
    }
    benchmark::ClobberMemory();
  }
  count_bytes(state);
}

BENCHMARK(gather_reference)->Arg(1)->Arg(13);
BENCHMARK(gather)->Arg(1)->Arg(13);
BENCHMARK(gather_runs_of_four)->Arg(1)->Arg(13);
BENCHMARK(gather_in_place)->Arg(1)->Arg(13);
BENCHMARK(copy)->Arg(1)->Arg(13);

}  // namespace
