#include <array>

#include "kernels/linear_combination/linear_combination.h"
#include "kernels/linear_combination/linear_combination_check.h"

namespace diffbench::kernels {

// the definition, element by element
template <typename T>
void linear_combination_reference(const LinearCombinationArgs<T>& args) {
  check_linear_combination(args);
  for (int64_t row = 0; row < args.rows; ++row) {
    const double* table = args.coefficients + row * args.coefficient_row_stride;
    for (int64_t at = row * args.row_elements; at < (row + 1) * args.row_elements; ++at) {
      std::array<T, kMaxLinearCombinationOutputs> results{};
      for (int o = 0; o < args.output_count; ++o) {
        T sum = 0;
        for (int k = 0; k < args.source_count; ++k) {
          const T coefficient = static_cast<T>(table[o * args.source_count + k]);
          if (coefficient != 0) {
            sum += coefficient * args.sources[k][at];
          }
        }
        results[static_cast<size_t>(o)] = sum;
      }
      for (int o = 0; o < args.output_count; ++o) {
        args.outputs[o][at] = results[static_cast<size_t>(o)];
      }
    }
  }
}

template void linear_combination_reference(const LinearCombinationArgs<float>&);
template void linear_combination_reference(const LinearCombinationArgs<double>&);

}  // namespace diffbench::kernels
