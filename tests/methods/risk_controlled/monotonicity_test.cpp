#include "methods/risk_controlled/procedures/monotonicity.h"

#include <gmock/gmock.h>

#include <cmath>

#include "tests/methods/risk_controlled/loss_tables.h"

namespace diffbench::risk_control {
namespace {

TEST(Monotonicity, RisingOrLevelMeansHaveNoDrop) {
  EXPECT_TRUE(check_monotonicity(counted_table(50, {0, 1, 1, 7, 50})).drops.empty());
  EXPECT_TRUE(check_monotonicity(counted_table(50, {3})).drops.empty());
}

TEST(Monotonicity, ADropIsMeasuredFromTheMaximumToTheLowest) {
  const auto result = check_monotonicity(counted_table(100, {0, 60, 50, 20, 30, 70, 10}));
  ASSERT_EQ(result.drops.size(), 2u);
  EXPECT_EQ(result.drops[0].from, 1u);
  EXPECT_EQ(result.drops[0].to, 3u);
  EXPECT_NEAR(result.drops[0].size, 0.4, 1e-12);
  EXPECT_EQ(result.drops[1].from, 5u);
  EXPECT_EQ(result.drops[1].to, 6u);
  EXPECT_TRUE(result.violated());
}

TEST(Monotonicity, TheStandardErrorIsThatOfPairedDifferences) {
  // differences 1, 1, 0, 0: variance 1/3, standard error sqrt(1/12); unpaired it would be sqrt(1/12 + 1/16)
  const LossTable table{"pairs", 4, {1, 0, 1, 0, 1, 1, 0, 0}, {0, 1}};
  const auto result = check_monotonicity(table);
  ASSERT_EQ(result.drops.size(), 1u);
  EXPECT_NEAR(result.drops[0].size, 0.5, 1e-12);
  EXPECT_NEAR(result.drops[0].standard_error, std::sqrt(1.0 / 12.0), 1e-12);
  EXPECT_FALSE(result.violated());
}

TEST(Monotonicity, ADropWithoutSpreadIsNoNoiseAndOneUnitCannotTell) {
  EXPECT_TRUE(check_monotonicity({"sure", 3, {0.5, 0.25, 0.5, 0.25, 0.5, 0.25}, {0, 1}}).violated());
  const auto one = check_monotonicity({"one", 1, {0.5, 0.25}, {0, 1}});
  ASSERT_EQ(one.drops.size(), 1u);
  EXPECT_TRUE(std::isinf(one.drops[0].standard_error));
  EXPECT_FALSE(one.violated());
}

}  // namespace
}  // namespace diffbench::risk_control
