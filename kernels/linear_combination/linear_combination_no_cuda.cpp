#include <stdexcept>

#include "kernels/linear_combination/linear_combination.h"
#include "kernels/linear_combination/linear_combination_check.h"

namespace diffbench::kernels {

template <typename T>
void linear_combination_cuda(const LinearCombinationArgs<T>& args, Stream) {
  check_linear_combination(args);
  throw std::runtime_error("linear_combination: this build has no CUDA (configure with DIFFBENCH_CUDA=ON)");
}

template void linear_combination_cuda(const LinearCombinationArgs<float>&, Stream);
template void linear_combination_cuda(const LinearCombinationArgs<double>&, Stream);

}  // namespace diffbench::kernels
