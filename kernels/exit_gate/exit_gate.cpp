#include "kernels/exit_gate/exit_gate.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>

#include "kernels/exit_gate/exit_gate_check.h"
#include "kernels/exit_gate/exit_gate_math.h"

namespace diffbench::kernels {
namespace {

// The compiler keeps these in vector registers from the first product to the last sum; left to find the vectors in
// plain loops, it went through memory in between and took half as long again.
template <typename Sum>
struct Wide {
  typedef Sum Vector __attribute__((vector_size(16)));
  static constexpr int kWidth = 16 / sizeof(Sum);
  static constexpr int kVectors = kGateLanes / kWidth;
};

template <typename Vector>
Vector load_bits(const void* bits) {
  Vector result;
  std::memcpy(&result, bits, sizeof(result));
  return result;
}

template <typename Vector>
struct Pair {
  Vector low;
  Vector high;
};

template <typename Sum>
Pair<typename Wide<Sum>::Vector> load_pair(const Sum* values) {
  using Vector = typename Wide<Sum>::Vector;
  return {load_bits<Vector>(values), load_bits<Vector>(values + Wide<Sum>::kWidth)};
}
Pair<Wide<float>::Vector> widen_pair(const Bfloat16* values) {
  typedef uint16_t Halves __attribute__((vector_size(16)));
  const auto halves = load_bits<Halves>(values);
  const Halves low = __builtin_shufflevector(Halves{}, halves, 0, 8, 1, 9, 2, 10, 3, 11);  // little-endian: zeros below
  const Halves high = __builtin_shufflevector(Halves{}, halves, 4, 12, 5, 13, 6, 14, 7, 15);
  return {load_bits<Wide<float>::Vector>(&low), load_bits<Wide<float>::Vector>(&high)};
}

// lane i takes lane i + half's sum, until lane 0 has all: what a warp's exchange of values computes
template <int kHalf, typename Vector>
auto reduce(Vector* vectors) {
  if constexpr (kHalf > 0) {
    for (int v = 0; v < kHalf; ++v) {
      vectors[v] += vectors[v + kHalf];
    }
    return reduce<kHalf / 2>(vectors);
  } else if constexpr (sizeof(vectors[0]) / sizeof(vectors[0][0]) == 4) {
    return (vectors[0][0] + vectors[0][2]) + (vectors[0][1] + vectors[0][3]);
  } else {
    return vectors[0][0] + vectors[0][1];
  }
}

template <typename T>
using SumOf = typename ExitGateArgs<T>::Sum;

template <typename T>
void accumulate(const T* token, const SumOf<T>* weight, typename Wide<SumOf<T>>::Vector* sums) {
  using W = Wide<SumOf<T>>;
  for (int v = 0; v < W::kVectors; v += 2) {
    const auto weights = load_pair(weight + v * W::kWidth);
    const auto values = [at = token + v * W::kWidth] {
      if constexpr (std::is_same_v<T, Bfloat16>) {
        return widen_pair(at);
      } else {
        return load_pair(at);
      }
    }();
    sums[v] += weights.low * values.low;
    sums[v + 1] += weights.high * values.high;
  }
}

template <typename T>
SumOf<T> dot(const T* token, const SumOf<T>* weight, int64_t elements) {
  using W = Wide<SumOf<T>>;
  typename W::Vector sums[W::kVectors] = {};
  int64_t begin = 0;
  for (; begin + kGateLanes <= elements; begin += kGateLanes) {
    accumulate(token + begin, weight + begin, sums);
  }
  if (begin < elements) {  // the rest, filled up with zeros
    std::array<T, kGateLanes> last_token{};
    std::array<SumOf<T>, kGateLanes> last_weight{};
    std::copy(token + begin, token + elements, last_token.begin());
    std::copy(weight + begin, weight + elements, last_weight.begin());
    accumulate(last_token.data(), last_weight.data(), sums);
  }
  return reduce<W::kVectors / 2>(sums);
}

template <typename T>
float row_uncertainty(const ExitGateArgs<T>& args, int64_t row) {
  const SumOf<T> offset = args.row_bias == nullptr ? args.bias : args.bias + args.row_bias[row];
  const T* token = args.tokens + row * args.row_stride;
  std::array<double, kGateTokenSlots> slots{};
  for (int64_t begin = 0; begin < args.token_count; begin += kGateTokenSlots) {
    const auto count = static_cast<size_t>(std::min<int64_t>(kGateTokenSlots, args.token_count - begin));
    std::array<float, kGateTokenSlots> values{};  // logits, then their sigmoids, several at a time
    for (size_t l = 0; l < count; ++l, token += args.token_elements) {
      values[l] = static_cast<float>(dot(token, args.weight, args.token_elements) + offset);
    }
    for (float& value : values) {
      value = gate_sigmoid(value);
    }
    for (size_t l = 0; l < count; ++l) {
      slots[l] += static_cast<double>(values[l]);
    }
  }
  double sum = 0;
  for (const double slot : slots) {
    sum += slot;
  }
  return static_cast<float>(sum / static_cast<double>(args.token_count));
}

}  // namespace

template <typename T>
void exit_gate_cpu(const ExitGateArgs<T>& args) {
  check_exit_gate(args);
  for (int64_t row = 0; row < args.rows; ++row) {
    args.uncertainty[row] = row_uncertainty(args, row);
  }
}

template void exit_gate_cpu(const ExitGateArgs<float>&);
template void exit_gate_cpu(const ExitGateArgs<Bfloat16>&);
template void exit_gate_cpu(const ExitGateArgs<double>&);

}  // namespace diffbench::kernels
