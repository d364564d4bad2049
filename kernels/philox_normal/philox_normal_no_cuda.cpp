#include <stdexcept>

#include "kernels/philox_normal/philox_normal.h"

namespace diffbench::kernels {

void philox_normal_cuda(const PhiloxNormalArgs&, Stream) {
  throw std::runtime_error("philox_normal: this build has no CUDA (configure with DIFFBENCH_CUDA=ON)");
}

}  // namespace diffbench::kernels
