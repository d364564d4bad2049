#include "methods/solvers/noise_schedule.h"

#include <gmock/gmock.h>

#include <cmath>

#include "methods/config/input_error.h"

namespace diffbench::solvers {
namespace {

TEST(NoiseSchedule, LinearIsTheProductOfItsBetas) {
  const NoiseSchedule schedule{NoiseScheduleSpec{}};
  double product = 1.0;
  for (int t = 0; t < 1000; ++t) {
    product *= 1.0 - (1e-4 + (0.02 - 1e-4) * t / 999.0);
    ASSERT_NEAR(schedule.alphas_cumprod()[static_cast<size_t>(t)], product, 1e-14);
  }
}

TEST(NoiseSchedule, CosineCapsItsBetas) {
  const NoiseSchedule schedule({.kind = "cosine"});
  const auto& table = schedule.alphas_cumprod();
  EXPECT_NEAR(table[999] / table[998], 1.0 - 0.999, 1e-12);
}

TEST(NoiseSchedule, LogAlphaIsLinearBetweenIndices) {
  const NoiseSchedule schedule{NoiseScheduleSpec{}};
  EXPECT_NEAR(schedule.log_alpha(500.25), 0.75 * schedule.log_alpha(500) + 0.25 * schedule.log_alpha(501), 1e-14);
  EXPECT_NEAR(std::pow(schedule.alpha(321.5), 2) + std::pow(schedule.sigma(321.5), 2), 1.0, 1e-14);
}

TEST(NoiseSchedule, TimeOfLambdaIsTheInverse) {
  for (const char* kind : {"linear", "scaled_linear", "cosine", "vp_continuous"}) {
    const NoiseSchedule schedule({.kind = kind});
    const double scale = schedule.is_continuous() ? 1e-3 : 1.0;
    for (const double index : {1.0, 37.5, 500.0, 998.5}) {
      EXPECT_NEAR(schedule.time_of_lambda(schedule.lambda(index * scale)), index * scale, 1e-6 * scale) << kind;
    }
  }
}

TEST(NoiseSchedule, ContinuousIsInClosedForm) {
  const NoiseSchedule schedule({.kind = "vp_continuous"});
  EXPECT_NEAR(schedule.log_alpha(0.6), -0.25 * 0.36 * (20.0 - 0.1) - 0.5 * 0.6 * 0.1, 1e-14);
  EXPECT_NEAR(schedule.beta(0.5), 0.1 + 0.5 * 19.9, 1e-14);
}

TEST(NoiseSchedule, ImpossibleOnesAreRefused) {
  EXPECT_THROW(NoiseSchedule({.kind = "lineal"}), config::InputError);
  EXPECT_THROW(NoiseSchedule({.train_steps = 0}), config::InputError);
  EXPECT_THROW(NoiseSchedule({.beta_start = 0.02, .beta_end = 1.5}), config::InputError);
  EXPECT_THROW(NoiseSchedule({.kind = "vp_continuous", .beta_min = -1.0}), config::InputError);
}

}  // namespace
}  // namespace diffbench::solvers
