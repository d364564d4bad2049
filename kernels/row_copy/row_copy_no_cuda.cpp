#include <stdexcept>

#include "kernels/row_copy/row_copy.h"
#include "kernels/row_copy/row_copy_check.h"

namespace diffbench::kernels {

void row_copy_cuda(const RowCopyArgs& args, Stream) {
  check_row_copy(args);
  throw std::runtime_error("row_copy: this build has no CUDA (configure with DIFFBENCH_CUDA=ON)");
}

}  // namespace diffbench::kernels
