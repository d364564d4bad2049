#pragma once
// Which batches of work a rank does.
//
//   for (int batch : batches_of_rank(16, world.rank(), world.size())) { ... }
//
// A pure function of its arguments: rank r takes r, r + size, r + 2 size, ... in rising order. The split changes with
// the number of ranks, what a batch holds does not; counts differ by one at most. Throws std::invalid_argument unless
// 0 <= rank < size and batch_count >= 0.

#include <vector>

namespace diffbench::ranks {

std::vector<int> batches_of_rank(int batch_count, int rank, int size);

}  // namespace diffbench::ranks
