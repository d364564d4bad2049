#pragma once
// Several linear combinations of the same sources in one pass over memory: the update of a solver's state and history.
//
//   out[o][r][e] = sum over k of coefficient[r][o][k] * source[k][r][e]
//
//   // x <- 0.9 x + 0.1 d and history <- d, both from the old values, the same for all rows
//   const double coefficients[] = {0.9, 0.1, /* history: */ 0.0, 1.0};
//   LinearCombinationArgs<float> args{.sources = {x, d}, .outputs = {x, history}, .source_count = 2, .output_count = 2,
//                                     .coefficients = coefficients, .coefficient_row_stride = 0,
//                                     .rows = 64, .row_elements = 784};
//   linear_combination_cpu(args);
//
// Arithmetic: each coefficient is rounded once to T, then products and sums are in T, in the order of k and without
// contraction, in every version; the tests ask for equal bits. (Sums in float64 for a float32 state made the CPU
// version 2.5 times slower: without wide registers it is arithmetic, not memory, that limits it.)
// A coefficient that is zero in T removes its term: a source that a row does not use is not read there, so it may be
// uninitialised, NaN, or null when no row uses it. An output without any term is +0.
// In place: an output may be a source (same address); every output of an element sees the sources' old values. Any
// other overlap of an output with a source or with another output is refused.
// The CPU version uses the calling thread; rows are independent, so callers may split a batch by rows.
// Errors: std::invalid_argument when the counts, sizes, pointers or the overlap are not as described here.

#include <cstdint>

#include "kernels/stream.h"

namespace diffbench::kernels {

constexpr int kMaxLinearCombinationSources = 8;
constexpr int kMaxLinearCombinationOutputs = 8;

template <typename T>  // float or double
struct LinearCombinationArgs {
  const T* sources[kMaxLinearCombinationSources];  // source_count arrays [rows][row_elements]
  T* outputs[kMaxLinearCombinationOutputs];        // output_count arrays [rows][row_elements], written
  int source_count;                                // 1 .. kMaxLinearCombinationSources
  int output_count;                                // 1 .. kMaxLinearCombinationOutputs
  // [rows][output_count][source_count], on the device for the CUDA version; with a row stride of 0 one table
  // [output_count][source_count] for all rows, always on the host and free to change once the call has returned
  const double* coefficients;
  int64_t coefficient_row_stride;  // doubles from one row's table to the next, at least a table; 0: rows share one
  int64_t rows;
  int64_t row_elements;
};

template <typename T>
void linear_combination_reference(const LinearCombinationArgs<T>& args);
template <typename T>
void linear_combination_cpu(const LinearCombinationArgs<T>& args);
// one launch, asynchronous on `stream`; throws std::runtime_error when the launch fails or the build has no CUDA
template <typename T>
void linear_combination_cuda(const LinearCombinationArgs<T>& args, Stream stream);

}  // namespace diffbench::kernels
