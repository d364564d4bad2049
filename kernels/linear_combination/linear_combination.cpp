#include "kernels/linear_combination/linear_combination.h"

#include <algorithm>
#include <array>
#include <utility>

#include "kernels/linear_combination/linear_combination_check.h"

namespace diffbench::kernels {
namespace {

constexpr int64_t kBlock = 256;  // elements: all sources and results of a block stay in the first-level cache

template <typename T>
using SumTerms = void (*)(const T* const* sources, const T* coefficients, int64_t count, T* out);

// with the number of terms known, the sum of an element stays in a register and the loop over elements vectorises
template <typename T, int kTerms>
void sum_terms(const T* const* sources, const T* coefficients, int64_t count, T* __restrict out) {
  std::array<const T*, kTerms + 1> source{};
  std::array<T, kTerms + 1> coefficient{};
  std::copy_n(sources, kTerms, source.begin());
  std::copy_n(coefficients, kTerms, coefficient.begin());
  for (int64_t i = 0; i < count; ++i) {
    T sum = 0;
    for (size_t k = 0; k < kTerms; ++k) {
      sum += coefficient[k] * source[k][i];
    }
    out[i] = sum;
  }
}

template <typename T, int... kTerms>
constexpr std::array<SumTerms<T>, sizeof...(kTerms)> make_sums(std::integer_sequence<int, kTerms...>) {
  return {sum_terms<T, kTerms>...};
}
template <typename T>
constexpr auto kSums = make_sums<T>(std::make_integer_sequence<int, kMaxLinearCombinationSources + 1>());

// one output of one row: its terms without those of coefficient zero
template <typename T>
struct Terms {
  std::array<const T*, kMaxLinearCombinationSources> sources;
  std::array<T, kMaxLinearCombinationSources> coefficients;
  size_t count = 0;
};

template <typename T>
void combine_row(const LinearCombinationArgs<T>& args, const double* table, int64_t first, int64_t elements) {
  std::array<Terms<T>, kMaxLinearCombinationOutputs> outputs;
  const auto output_count = static_cast<size_t>(args.output_count);
  for (size_t o = 0; o < output_count; ++o) {
    Terms<T>& terms = outputs[o];
    for (int k = 0; k < args.source_count; ++k, ++table) {
      const T coefficient = static_cast<T>(*table);
      if (coefficient != 0) {
        terms.sources[terms.count] = args.sources[k] + first;
        terms.coefficients[terms.count++] = coefficient;
      }
    }
  }
  std::array<std::array<T, kBlock>, kMaxLinearCombinationOutputs> results;  // an output may be a source: write last
  for (int64_t begin = 0; begin < elements; begin += kBlock) {
    const int64_t count = std::min(kBlock, elements - begin);
    for (size_t o = 0; o < output_count; ++o) {
      Terms<T>& terms = outputs[o];
      kSums<T>[terms.count](terms.sources.data(), terms.coefficients.data(), count, results[o].data());
      for (size_t k = 0; k < terms.count; ++k) {
        terms.sources[k] += count;
      }
    }
    for (size_t o = 0; o < output_count; ++o) {
      std::copy_n(results[o].data(), count, args.outputs[o] + first + begin);
    }
  }
}

}  // namespace

template <typename T>
void linear_combination_cpu(const LinearCombinationArgs<T>& args) {
  check_linear_combination(args);
  if (args.coefficient_row_stride == 0) {  // rows that share a table are one long row
    combine_row(args, args.coefficients, 0, args.rows * args.row_elements);
    return;
  }
  for (int64_t row = 0; row < args.rows; ++row) {
    combine_row(args, args.coefficients + row * args.coefficient_row_stride, row * args.row_elements,
                args.row_elements);
  }
}

template void linear_combination_cpu(const LinearCombinationArgs<float>&);
template void linear_combination_cpu(const LinearCombinationArgs<double>&);

}  // namespace diffbench::kernels
