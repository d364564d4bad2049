#pragma once
// What the early-exit test behind a block asks, in one pass over the tokens: a row's uncertainty.
//
//   u[r] = mean over tokens l of sigmoid(dot(weight, token[r][l]) + bias + row_bias[r])
//
//   // the image tokens of a U-ViT with one time token in front: 64 rows of 51 tokens of 128 floats, the last 50 gated
//   ExitGateArgs<float> args{.tokens = x + 128, .row_stride = 51 * 128, .rows = 64, .token_count = 50,
//                            .token_elements = 128, .weight = w, .bias = b, .row_bias = nullptr, .uncertainty = u};
//   exit_gate_cpu(args);  // who leaves is the caller's to decide: thresholds, patience and batches are no kernel's
//
// Source: the uncertainty estimation module of DeeDiff (Tang et al., 2023, arXiv:2309.17074), per token
// u = sigmoid(w_t [token, t] + b). Its time part does not depend on the token, so the caller gives it as row_bias:
// dot(w_time, embedding[r]).
//
// Arithmetic: the logit in float (in double for double tokens) in 32 interleaved partial sums, its sigmoid in float,
// means in double. The order is fixed and the exponential is our own (exit_gate_math.h), so that the CPU and the CUDA
// version give equal bits, which the tests ask for, and a row's u does not depend on the rows beside it. The reference
// (double, libm) agrees to 2.5e-7 with double tokens, else, for the row's token with the largest sum, to
//   2.5e-7 + 2^-26 (token_elements / 32 + 8) (sum over e of |weight[e] token[e]| + |bias| + |row_bias|).
//
// NaN: a row with a NaN in a gated token has a NaN u, which is below no threshold. Infinite logits give 0 or 1.
//
// The CPU version uses the calling thread.
// Errors: std::invalid_argument when counts, sizes or pointers are not as described here.

#include <cstdint>

#include "kernels/stream.h"

namespace diffbench::kernels {

struct Bfloat16 {  // the storage of a bfloat16: the upper half of a float32
  uint16_t bits;
};

template <typename T>
struct ExitGateSum {
  using Type = float;
};
template <>
struct ExitGateSum<double> {
  using Type = double;
};

template <typename T>  // float, Bfloat16 or double
struct ExitGateArgs {
  using Sum = typename ExitGateSum<T>::Type;
  const T* tokens;     // row r at tokens + r * row_stride: [token_count][token_elements]
  int64_t row_stride;  // elements, at least token_count * token_elements
  int64_t rows;
  int64_t token_count;     // at least 1
  int64_t token_elements;  // at least 1
  const Sum* weight;       // [token_elements]
  Sum bias;
  const Sum* row_bias;  // [rows], or null for none
  float* uncertainty;   // [rows], written
};

template <typename T>
void exit_gate_reference(const ExitGateArgs<T>& args);
template <typename T>
void exit_gate_cpu(const ExitGateArgs<T>& args);
// all pointers on the device; one launch, asynchronous on `stream`; throws std::runtime_error when it fails or the
// build has no CUDA
template <typename T>
void exit_gate_cuda(const ExitGateArgs<T>& args, Stream stream);

}  // namespace diffbench::kernels
