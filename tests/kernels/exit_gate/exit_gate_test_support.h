#pragma once
// Gates with known tokens, for the tests of every version of exit_gate.
//
//   const Gate<float> gate = random_gate<float>(64, 50, 128);   // rows, tokens, elements
//   const std::vector<float> u = run_gate(exit_gate_cpu<float>, gate);

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "kernels/exit_gate/exit_gate.h"

namespace diffbench::kernels {

inline float widened(float value) { return value; }
inline double widened(double value) { return value; }
inline float widened(Bfloat16 value) { return std::bit_cast<float>(static_cast<uint32_t>(value.bits) << 16); }
template <typename T>
T from_double(double value) {
  if constexpr (sizeof(T) == sizeof(Bfloat16)) {  // cut off, not rounded: exact where the tests need it
    return {static_cast<uint16_t>(std::bit_cast<uint32_t>(static_cast<float>(value)) >> 16)};
  } else {
    return static_cast<T>(value);
  }
}

template <typename T>
struct Gate {
  using Sum = typename ExitGateArgs<T>::Sum;
  int64_t rows;
  int64_t token_count;
  int64_t token_elements;
  int64_t row_stride;
  std::vector<T> tokens;
  std::vector<Sum> weight;
  Sum bias = 0;
  std::vector<Sum> row_bias;  // empty: none
};

// tokens and weights in [-1, 1], logits of some units; NaN fills the gaps between rows, which nobody may read
template <typename T>
Gate<T> random_gate(int64_t rows, int64_t tokens, int64_t elements, int64_t gap = 0, bool with_row_bias = false) {
  using Sum = typename Gate<T>::Sum;
  std::mt19937_64 generator(static_cast<uint64_t>(rows * 10000 + tokens * 100 + elements));
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  Gate<T> gate{rows, tokens, elements, tokens * elements + gap, {}, {}, static_cast<Sum>(0.25), {}};
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t i = 0; i < gate.row_stride; ++i) {
      gate.tokens.push_back(from_double<T>(i < tokens * elements ? uniform(generator) : std::nan("")));
    }
    if (with_row_bias) {
      gate.row_bias.push_back(static_cast<Sum>(3 * uniform(generator)));
    }
  }
  for (int64_t e = 0; e < elements; ++e) {
    gate.weight.push_back(static_cast<Sum>(uniform(generator)));
  }
  return gate;
}

// one token of one element per row, weight 1: the token is the logit
template <typename T>
Gate<T> gate_of_logits(const std::vector<double>& logits) {
  Gate<T> gate{static_cast<int64_t>(logits.size()), 1, 1, 1, {}, {1}, 0, {}};
  for (const double logit : logits) {
    gate.tokens.push_back(from_double<T>(logit));
  }
  return gate;
}

template <typename T>
std::vector<float> run_gate(void (*kernel)(const ExitGateArgs<T>&), const Gate<T>& gate) {
  std::vector<float> uncertainty(static_cast<size_t>(gate.rows), -7);
  kernel({gate.tokens.data(), gate.row_stride, gate.rows, gate.token_count, gate.token_elements, gate.weight.data(),
          gate.bias, gate.row_bias.empty() ? nullptr : gate.row_bias.data(), uncertainty.data()});
  return uncertainty;
}

// how far a row's u may be from the reference: the bound in exit_gate.h
template <typename T>
double tolerance(const Gate<T>& gate, int64_t row) {
  double worst = 0;
  for (int64_t l = 0; l < gate.token_count; ++l) {
    double magnitude =
        std::abs(gate.bias) + (gate.row_bias.empty() ? 0 : std::abs(gate.row_bias[static_cast<size_t>(row)]));
    for (int64_t e = 0; e < gate.token_elements; ++e) {
      const auto at = static_cast<size_t>(row * gate.row_stride + l * gate.token_elements + e);
      magnitude += std::abs(gate.weight[static_cast<size_t>(e)] * widened(gate.tokens[at]));
    }
    worst = std::max(worst, magnitude);
  }
  const bool float_sums = sizeof(typename Gate<T>::Sum) == sizeof(float);
  return 2.5e-7 + (float_sums ? std::ldexp(static_cast<double>(gate.token_elements) / 32 + 8, -26) * worst : 0);
}

}  // namespace diffbench::kernels
