#include "methods/solvers/noise_schedule.h"

#include <gmock/gmock.h>

#include <cmath>

#include "methods/config/input_error.h"

namespace diffbench::solvers {
namespace {

using ::testing::StartsWith;
using ::testing::ThrowsMessage;

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
  for (const char* kind : {"linear", "scaled_linear", "cosine"}) {
    const NoiseSchedule schedule({.kind = kind});
    for (const double low : {0.0, 1.0, 321.0, 998.0}) {
      for (const double fraction : {0.125, 0.5, 0.75}) {
        const double expected = (1 - fraction) * schedule.log_alpha(low) + fraction * schedule.log_alpha(low + 1);
        EXPECT_NEAR(schedule.log_alpha(low + fraction), expected, 1e-13) << kind << " at " << low;
      }
    }
    EXPECT_NEAR(schedule.log_alpha(999.5) - schedule.log_alpha(999),  // continued along the last piece
                0.5 * (schedule.log_alpha(999) - schedule.log_alpha(998)), 1e-13);
  }
}

TEST(NoiseSchedule, SignalAndNoiseAddUpAndLambdaIsTheLogOfTheirRatio) {
  for (const char* kind : {"linear", "scaled_linear", "cosine", "vp_continuous"}) {
    const NoiseSchedule schedule({.kind = kind});
    const double scale = schedule.is_continuous() ? 1e-3 : 1.0;
    double before = INFINITY;
    for (const double index : {1.0, 321.5, 700.0, 999.0}) {
      const double t = index * scale;
      EXPECT_NEAR(std::pow(schedule.alpha(t), 2) + std::pow(schedule.sigma(t), 2), 1.0, 1e-14) << kind;
      EXPECT_NEAR(schedule.lambda(t), std::log(schedule.alpha(t) / schedule.sigma(t)), 1e-12) << kind;
      EXPECT_LT(schedule.lambda(t), before) << kind;
      before = schedule.lambda(t);
    }
  }
}

TEST(NoiseSchedule, TimeOfLambdaIsTheInverse) {
  for (const char* kind : {"linear", "scaled_linear", "cosine", "vp_continuous"}) {
    const NoiseSchedule schedule({.kind = kind});
    const double scale = schedule.is_continuous() ? 1e-3 : 1.0;
    for (const double index : {0.25, 1.0, 37.5, 500.0, 998.5, 999.0}) {
      EXPECT_NEAR(schedule.time_of_lambda(schedule.lambda(index * scale)), index * scale, 1e-9 * scale * 1000) << kind;
    }
  }
}

TEST(NoiseSchedule, ContinuousIsInClosedForm) {
  const NoiseSchedule schedule({.kind = "vp_continuous"});
  EXPECT_TRUE(schedule.is_continuous());
  EXPECT_TRUE(schedule.alphas_cumprod().empty());
  EXPECT_NEAR(schedule.log_alpha(0.6), -0.25 * 0.36 * (20.0 - 0.1) - 0.5 * 0.6 * 0.1, 1e-14);
  EXPECT_NEAR(schedule.beta(0.5), 0.1 + 0.5 * 19.9, 1e-14);
  // d log alpha / dt = -beta / 2
  const double slope = (schedule.log_alpha(0.5 + 1e-5) - schedule.log_alpha(0.5 - 1e-5)) / 2e-5;
  EXPECT_NEAR(slope, -0.5 * schedule.beta(0.5), 1e-8);
}

TEST(NoiseSchedule, ContinuousInverseHoldsAtExtremeLambdas) {
  const NoiseSchedule schedule({.kind = "vp_continuous"});
  for (const double lambda : {-400.0, -20.0, 0.0, 5.0, 20.0}) {
    const double t = schedule.time_of_lambda(lambda);
    ASSERT_TRUE(std::isfinite(t)) << lambda;
    EXPECT_NEAR(schedule.lambda(t), lambda, 1e-6) << lambda;
  }
}

TEST(NoiseSchedule, AScheduleOfOneStepWorks) {
  const NoiseSchedule schedule({.train_steps = 1, .beta_start = 0.5, .beta_end = 0.5});
  EXPECT_NEAR(schedule.alpha(0.0), std::sqrt(0.5), 1e-15);
  EXPECT_EQ(schedule.time_of_lambda(schedule.lambda(0.0)), 0.0);
}

TEST(NoiseSchedule, ImpossibleOnesAreRefusedWithPlaceAndKey) {
  const auto refused = [](NoiseScheduleSpec spec, const std::string& text) {
    EXPECT_THAT([&] { NoiseSchedule(spec, "model.toml:7"); },
                ThrowsMessage<config::InputError>(StartsWith("model.toml:7: " + text)));
  };
  const double nan = std::nan("");
  refused({.kind = "lineal"}, "schedule: unknown noise schedule 'lineal'; did you mean 'linear'?");
  refused({.train_steps = 0}, "train_steps: must be 1 to 1000000, got 0");
  refused({.train_steps = 1'000'001}, "train_steps:");
  refused({.beta_start = 0.0}, "beta_start:");
  refused({.beta_start = nan}, "beta_start:");
  refused({.beta_start = 0.02, .beta_end = 1.5}, "beta_end:");
  refused({.beta_start = 0.02, .beta_end = 0.01}, "beta_end:");
  refused({.kind = "scaled_linear", .beta_end = nan}, "beta_end:");
  refused({.train_steps = 100'000, .beta_start = 0.02, .beta_end = 0.5}, "beta_end: the schedule leaves no signal");
  refused({.kind = "vp_continuous", .beta_min = -1.0}, "beta_min:");
  refused({.kind = "vp_continuous", .beta_min = 20.0, .beta_max = 0.1}, "beta_max:");
  refused({.kind = "vp_continuous", .beta_max = INFINITY}, "beta_max:");
}

}  // namespace
}  // namespace diffbench::solvers
