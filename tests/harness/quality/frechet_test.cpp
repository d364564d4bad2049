#include "harness/quality/frechet.h"

#include <gmock/gmock.h>

#include <limits>

#include "methods/config/input_error.h"
#include "tests/harness/quality/golden_rows.h"

namespace diffbench::quality {
namespace {

using config::InputError;
using testing::goldens;
using testing::rows;

struct Case {
  const char* name;
  Gaussian a;
  Gaussian b;
  double scipy_tolerance;  // scipy's root of a singular matrix is itself good to about 1e-6 only
};

std::vector<Case> cases() {
  const auto wide_b = gaussian_of(rows(400, 128, 4, 0.05));
  const auto deficient_a = gaussian_of(rows(60, 128, 5));
  return {{"small", gaussian_of(rows(60, 8, 1)), gaussian_of(rows(80, 8, 2, 0.1)), 1e-10},
          {"wide", gaussian_of(rows(300, 128, 3)), wide_b, 1e-9},
          {"deficient", deficient_a, gaussian_of(rows(50, 128, 6, 0.05)), 1e-4},
          {"one_deficient", deficient_a, wide_b, 1e-4}};
}

TEST(Frechet, AgreesWithScipySqrtm) {
  for (const auto& [name, a, b, tolerance] : cases()) {
    EXPECT_NEAR(frechet_distance(a, b), goldens()["frechet"][name].get<double>(), tolerance) << name;
  }
}

TEST(Frechet, AgreesWithTheNuclearNormAlsoWhenRankDeficient) {
  for (const auto& [name, a, b, tolerance] : cases()) {
    const double golden = goldens()["frechet_by_nuclear_norm"][name].get<double>();
    EXPECT_NEAR(frechet_distance(a, b), golden, 1e-10 * golden) << name;
    EXPECT_NEAR(frechet_distance(b, a), golden, 1e-10 * golden) << name << " the other way round";
  }
}

TEST(Frechet, KnownValues) {
  const auto a = gaussian_of(rows(60, 8, 1));
  EXPECT_NEAR(frechet_distance(a, a), 0.0, 1e-13);
  // of commuting covariances: |m|^2 + sum (s1 - s2)^2
  const Gaussian unit{at::zeros({3}, at::kDouble), at::eye(3, at::kDouble), {}};
  const Gaussian wider{at::ones({3}, at::kDouble), at::eye(3, at::kDouble) * 4, {}};
  EXPECT_NEAR(frechet_distance(unit, wider), 3 + 3, 1e-13);
  const Gaussian point{at::ones({3}, at::kDouble), at::zeros({3, 3}, at::kDouble), {}};
  EXPECT_NEAR(frechet_distance(unit, point), 3 + 3, 1e-13);
  EXPECT_NEAR(frechet_distance(point, unit), 3 + 3, 1e-13);
  EXPECT_EQ(frechet_distance(point, point), 0.0);
}

TEST(Frechet, DeadFeaturesAndRoundingDoNotShow) {
  auto a = rows(500, 64, 1);
  auto b = rows(500, 64, 2);
  a.narrow(1, 10, 20).zero_();
  b.narrow(1, 10, 20).zero_();
  const double once = frechet_distance(gaussian_of(a), gaussian_of(b));
  // the same rows in another order differ by rounding only
  const double again = frechet_distance(gaussian_of(a.flip(0)), gaussian_of(b));
  EXPECT_NEAR(once, again, 1e-11 * once);
}

TEST(Frechet, RefusesBadStatistics) {
  const auto good = gaussian_of(rows(60, 8, 1));
  EXPECT_THROW(frechet_distance(good, gaussian_of(rows(60, 5, 1))), InputError);
  auto with_nan = Gaussian{good.mean.clone(), good.covariance.clone(), {}};
  with_nan.covariance[2][2] = std::numeric_limits<double>::infinity();
  EXPECT_THROW(frechet_distance(with_nan, good), InputError);
  EXPECT_THROW(frechet_distance(good, with_nan), InputError);
  auto lopsided = Gaussian{good.mean, good.covariance.clone(), {}};
  lopsided.covariance[0][1] += 1.0;
  EXPECT_THROW(frechet_distance(good, lopsided), InputError);
  const Gaussian negative{good.mean, -good.covariance, {}};
  EXPECT_THROW(frechet_distance(good, negative), InputError);
  EXPECT_THROW(frechet_distance(negative, good), InputError);
}

}  // namespace
}  // namespace diffbench::quality
