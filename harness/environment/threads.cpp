#include "harness/environment/threads.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>

namespace diffbench::environment {

int torch_threads() { return at::get_num_threads(); }

int omp_threads() {
  // the OpenMP that LibTorch brings along: linking the compiler's own would put a second one into the process
  const auto ask = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "omp_get_max_threads"));
  return ask == nullptr ? 0 : ask();
}

}  // namespace diffbench::environment
