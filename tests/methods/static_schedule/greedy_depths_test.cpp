// The search on tables whose answer is known by hand.
#include "methods/static_schedule/greedy_depths.h"

#include <gmock/gmock.h>

namespace diffbench::methods::static_schedule {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

const std::vector<double> kFlops = {2, 3, 4};  // of 2, 3 and 4 blocks

TEST(GreedyDepths, TheWholeBudgetKeepsAllBlocks) {
  const auto found = greedy_depths({{3, 2, 1}, {3, 2, 1}}, kFlops, 2, 1.0);
  EXPECT_THAT(found.depths, ElementsAre(4, 4));
  EXPECT_EQ(found.loss, found.full_loss);
  EXPECT_EQ(found.flops_share, 1.0);
}

TEST(GreedyDepths, DropsBlocksWhereTheyCostLeast) {
  // the first bin loses 1 per block, the second 0.1
  const std::vector<std::vector<double>> losses = {{3, 2, 1}, {1.25, 1.125, 1}};
  const auto found = greedy_depths(losses, kFlops, 2, 0.75);
  EXPECT_THAT(found.depths, ElementsAre(4, 2));
  EXPECT_THAT(found.loss, DoubleNear(1.125, 1e-12));
  EXPECT_THAT(found.full_loss, DoubleNear(1.0, 1e-12));
  EXPECT_THAT(found.flops_share, DoubleNear(0.75, 1e-12));
  EXPECT_THAT(greedy_depths(losses, kFlops, 2, 0.875).depths, ElementsAre(4, 3));
}

TEST(GreedyDepths, ABumpInTheMiddleIsSteppedOver) {
  // at 3 blocks the loss is worse than at 2: one block at a time would never get there
  EXPECT_THAT(greedy_depths({{1.1, 9, 1}, {2, 1.5, 1}}, kFlops, 2, 0.75).depths, ElementsAre(2, 4));
}

TEST(GreedyDepths, OfEqualMovesTheNoisierBinAndTheSmallerStepGoFirst) {
  EXPECT_THAT(greedy_depths({{1, 1, 1}, {1, 1, 1}}, kFlops, 2, 0.9).depths, ElementsAre(4, 3));
}

TEST(GreedyDepths, ABudgetThatCannotBeMetGivesTheLowestDepths) {
  const auto found = greedy_depths({{3, 2, 1}}, kFlops, 2, 0.1);
  EXPECT_THAT(found.depths, ElementsAre(2));
  EXPECT_EQ(found.flops_share, 0.5);
}

}  // namespace
}  // namespace diffbench::methods::static_schedule
