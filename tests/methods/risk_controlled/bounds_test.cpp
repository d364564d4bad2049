#include "methods/risk_controlled/procedures/bounds.h"

#include <gmock/gmock.h>

#include <cmath>
#include <vector>

namespace diffbench::risk_control {
namespace {

using Losses = std::vector<double>;

// delta = 0.8 keeps the root inside [0, 1] at so few losses; the first bet is min(sqrt(8 ln(1.25)), 1) = 1
TEST(WsrUpperBound, OneLossByHand) {
  EXPECT_NEAR(wsr_upper_bound(Losses{0.0}, 0.8), 0.25, 1e-12);  // 1 + m = 1.25
  EXPECT_NEAR(wsr_upper_bound(Losses{0.5}, 0.8), 0.75, 1e-12);  // 1 - (0.5 - m) = 1.25
}

TEST(WsrUpperBound, TwoLossesByHandAndTheirOrderMatters) {
  // losses 1, 0: the first bet is b, the second 1; (1 - b (1 - m)) (1 + m) = 1.25
  const double b = std::sqrt(4.0 * std::log(1.25));
  const double c = 1.0 - b - 1.25;
  EXPECT_NEAR(wsr_upper_bound(Losses{1.0, 0.0}, 0.8), (-1.0 + std::sqrt(1.0 - 4.0 * b * c)) / (2.0 * b), 1e-12);
  // losses 0, 1: the best moment is after the first, 1 + b m = 1.25
  EXPECT_NEAR(wsr_upper_bound(Losses{0.0, 1.0}, 0.8), 0.25 / b, 1e-12);
}

TEST(WsrUpperBound, StaysInsideTheUnitIntervalAndFallsWithEvidence) {
  EXPECT_EQ(wsr_upper_bound(Losses(50, 1.0), 0.1), 1.0);
  EXPECT_EQ(wsr_upper_bound(Losses{0.0}, 0.1), 1.0);  // the root would be 9
  EXPECT_EQ(wsr_upper_bound(Losses(50, -0.9), 0.1), 0.0);
  const double few = wsr_upper_bound(Losses(50, 0.0), 0.1);
  const double many = wsr_upper_bound(Losses(500, 0.0), 0.1);
  EXPECT_GT(few, many);
  EXPECT_GT(many, 0.0);
  EXPECT_GT(wsr_upper_bound(Losses(50, 0.0), 0.01), few);
}

TEST(HoeffdingBentkus, EachHalfByHand) {
  Losses losses(10, 0.0);
  losses[4] = 1.0;  // Hoeffding: exp(-10 (0.1 ln 0.2 + 0.9 ln 1.8)); Bentkus would be e 11 / 1024
  EXPECT_NEAR(hoeffding_bentkus_p_value(losses, 0.5), std::exp(-std::log(0.2) - 9.0 * std::log(1.8)), 1e-14);
  losses.assign(20, 0.0);
  losses[0] = losses[7] = losses[19] = 1.0;  // Bentkus; Hoeffding would be 0.00448
  EXPECT_NEAR(hoeffding_bentkus_p_value(losses, 0.5), std::exp(1.0) * 1351.0 / 1048576.0, 1e-14);
}

TEST(HoeffdingBentkus, TheSumIsRoundedUp) {
  Losses losses(20, 0.0);
  losses[0] = losses[1] = losses[2] = losses[3] = 0.7375;  // 2.95 counts as 3 in the binomial
  EXPECT_NEAR(hoeffding_bentkus_p_value(losses, 0.5), std::exp(1.0) * 1351.0 / 1048576.0, 1e-14);
}

TEST(HoeffdingBentkus, NothingLostAndEverythingLostAreFinite) {
  EXPECT_NEAR(hoeffding_bentkus_p_value(Losses(20, 0.0), 0.1), std::pow(0.9, 20), 1e-15);
  EXPECT_EQ(hoeffding_bentkus_p_value(Losses(20, 1.0), 0.1), 1.0);
  EXPECT_EQ(hoeffding_bentkus_p_value(Losses(20, 0.1), 0.1), 1.0);
}

TEST(Mean, OfARoundNumberIsThatNumber) { EXPECT_EQ(mean(Losses(1000, 0.1)), 0.1); }

}  // namespace
}  // namespace diffbench::risk_control
