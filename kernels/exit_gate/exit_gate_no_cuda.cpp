#include <stdexcept>

#include "kernels/exit_gate/exit_gate.h"
#include "kernels/exit_gate/exit_gate_check.h"

namespace diffbench::kernels {

template <typename T>
void exit_gate_cuda(const ExitGateArgs<T>& args, Stream) {
  check_exit_gate(args);
  throw std::runtime_error("exit_gate: this build has no CUDA (configure with DIFFBENCH_CUDA=ON)");
}

template void exit_gate_cuda(const ExitGateArgs<float>&, Stream);
template void exit_gate_cuda(const ExitGateArgs<Bfloat16>&, Stream);
template void exit_gate_cuda(const ExitGateArgs<double>&, Stream);

}  // namespace diffbench::kernels
