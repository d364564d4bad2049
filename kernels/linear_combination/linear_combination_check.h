#pragma once
// The arguments every version of linear_combination refuses, in one place.
//
//   check_linear_combination(args);  // throws std::invalid_argument with one line

#include <cstdint>
#include <stdexcept>
#include <string>

#include "kernels/linear_combination/linear_combination.h"

namespace diffbench::kernels {

inline void require_linear_combination(bool condition, const char* what) {
  if (!condition) {
    throw std::invalid_argument(std::string("linear_combination: ") + what);
  }
}

template <typename T>
void check_linear_combination(const LinearCombinationArgs<T>& args) {
  const auto require = require_linear_combination;
  require(args.source_count >= 1 && args.source_count <= kMaxLinearCombinationSources, "needs 1 to 8 sources");
  require(args.output_count >= 1 && args.output_count <= kMaxLinearCombinationOutputs, "needs 1 to 8 outputs");
  require(args.rows >= 0 && args.row_elements >= 0, "rows and row_elements must not be negative");
  require(args.coefficient_row_stride == 0 || args.coefficient_row_stride >= args.output_count * args.source_count,
          "coefficient_row_stride must be 0 or at least output_count * source_count");
  require(args.coefficients != nullptr, "coefficients are missing");
  const auto bytes = static_cast<uintptr_t>(args.rows * args.row_elements) * sizeof(T);
  const auto disjoint = [bytes](const T* a, const T* b) {
    const auto first = reinterpret_cast<uintptr_t>(a);
    const auto second = reinterpret_cast<uintptr_t>(b);
    return first < second ? second - first >= bytes : first - second >= bytes;
  };
  for (int o = 0; o < args.output_count; ++o) {
    const T* output = args.outputs[o];
    require(output != nullptr || bytes == 0, "an output is missing");
    for (int other = 0; other < o; ++other) {
      require(disjoint(output, args.outputs[other]), "two outputs overlap");
    }
    for (int k = 0; k < args.source_count; ++k) {
      const T* source = args.sources[k];
      require(source == nullptr || source == output || disjoint(output, source),
              "an output overlaps a source without being the same array");
    }
  }
}

}  // namespace diffbench::kernels
