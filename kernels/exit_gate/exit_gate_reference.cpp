#include <cmath>

#include "kernels/exit_gate/exit_gate.h"
#include "kernels/exit_gate/exit_gate_check.h"
#include "kernels/exit_gate/exit_gate_math.h"

namespace diffbench::kernels {

// the definition, in double
template <typename T>
void exit_gate_reference(const ExitGateArgs<T>& args) {
  check_exit_gate(args);
  *args.summary = {0, 0, 0.0};
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
    const auto u = static_cast<float>(sum / static_cast<double>(args.token_count));
    const bool leaves = double{u} < args.threshold;
    args.uncertainty[row] = u;
    args.leaves[row] = leaves ? 1 : 0;
    if (leaves) {
      args.leave_index[args.summary->leave_count++] = row;
    } else {
      args.stay_index[args.summary->stay_count++] = row;
    }
    args.summary->mean += double{u};
  }
  args.summary->mean /= static_cast<double>(args.rows);  // no rows: 0 / 0, NaN
}

template void exit_gate_reference(const ExitGateArgs<float>&);
template void exit_gate_reference(const ExitGateArgs<Bfloat16>&);
template void exit_gate_reference(const ExitGateArgs<double>&);

}  // namespace diffbench::kernels
