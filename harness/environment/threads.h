#pragma once
// How many threads would work on one tensor operation, as the libraries answer when asked now.
//
//   at::set_num_threads(4);
//   torch_threads()          // 4
//   omp_threads()            // of OpenMP, which LibTorch's kernels run on; 0 where LibTorch was built without

namespace diffbench::environment {

int torch_threads();
int omp_threads();

}  // namespace diffbench::environment
