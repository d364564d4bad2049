#include <cmath>

#include "kernels/exit_gate/exit_gate.h"
#include "kernels/exit_gate/exit_gate_check.h"
#include "kernels/exit_gate/exit_gate_math.h"

namespace diffbench::kernels {

// the definition, in double
template <typename T>
void exit_gate_reference(const ExitGateArgs<T>& args) {
  check_exit_gate(args);
  for (int64_t row = 0; row < args.rows; ++row) {
    double sum = 0;
    for (int64_t l = 0; l < args.token_count; ++l) {
      const T* token = args.tokens + row * args.row_stride + l * args.token_elements;
      double logit = static_cast<double>(args.bias) + (args.row_bias == nullptr ? 0.0 : double{args.row_bias[row]});
      for (int64_t e = 0; e < args.token_elements; ++e) {
        logit += double{args.weight[e]} * double{gate_value(token[e])};
      }
      sum += 1.0 / (1.0 + std::exp(-logit));
    }
    args.uncertainty[row] = static_cast<float>(sum / static_cast<double>(args.token_count));
  }
}

template void exit_gate_reference(const ExitGateArgs<float>&);
template void exit_gate_reference(const ExitGateArgs<Bfloat16>&);
template void exit_gate_reference(const ExitGateArgs<double>&);

}  // namespace diffbench::kernels
