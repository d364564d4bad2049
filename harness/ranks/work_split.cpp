#include "harness/ranks/work_split.h"

#include <stdexcept>

namespace diffbench::ranks {

std::vector<int> batches_of_rank(int batch_count, int rank, int size) {
  if (batch_count < 0 || rank < 0 || rank >= size) {
    throw std::invalid_argument("batches_of_rank: needs batch_count >= 0 and 0 <= rank < size");
  }
  std::vector<int> batches;
  for (int batch = rank; batch < batch_count; batch += size) {
    batches.push_back(batch);
  }
  return batches;
}

}  // namespace diffbench::ranks
