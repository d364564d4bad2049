#include "harness/ranks/work_split.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <stdexcept>

namespace diffbench::ranks {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(BatchesOfRank, EveryBatchOnceAndEvenly) {
  for (int size : {1, 2, 3, 4, 7}) {
    for (int count : {0, 1, 3, 4, 17}) {
      std::vector<int> all;
      size_t fewest = 100;
      size_t most = 0;
      for (int rank = 0; rank < size; ++rank) {
        const auto mine = batches_of_rank(count, rank, size);
        fewest = std::min(fewest, mine.size());
        most = std::max(most, mine.size());
        all.insert(all.end(), mine.begin(), mine.end());
      }
      std::sort(all.begin(), all.end());
      ASSERT_EQ(all.size(), static_cast<size_t>(count));
      for (int batch = 0; batch < count; ++batch) {
        EXPECT_EQ(all[static_cast<size_t>(batch)], batch);
      }
      EXPECT_LE(most - fewest, 1u);
    }
  }
}

TEST(BatchesOfRank, IsRoundRobin) {
  EXPECT_THAT(batches_of_rank(6, 1, 4), ElementsAre(1, 5));
  EXPECT_THAT(batches_of_rank(1, 3, 4), IsEmpty());
}

TEST(BatchesOfRank, RefusesImpossibleRanks) {
  EXPECT_THROW(batches_of_rank(3, 2, 2), std::invalid_argument);
  EXPECT_THROW(batches_of_rank(3, -1, 2), std::invalid_argument);
  EXPECT_THROW(batches_of_rank(-1, 0, 1), std::invalid_argument);
}

}  // namespace
}  // namespace diffbench::ranks
