#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "harness/quality/inception_score.h"
#include "harness/quality/kid.h"
#include "harness/quality/precision_recall.h"
#include "methods/config/input_error.h"
#include "tests/harness/quality/golden_rows.h"

namespace diffbench::quality {
namespace {

using config::InputError;
using testing::goldens;
using testing::rows;

TEST(Kid, FullEstimatorAgreesWithNumpy) {
  const KidOptions full{.subsets = 0};
  const auto& golden = goldens()["kid"];
  EXPECT_NEAR(kernel_distance(rows(60, 8, 1), rows(80, 8, 2, 0.1), full).value, golden["small"].get<double>(), 1e-13);
  EXPECT_NEAR(kernel_distance(rows(300, 128, 3), rows(400, 128, 4, 0.05), full).value, golden["wide"].get<double>(),
              1e-12);
}

TEST(Kid, SubsetsOfEverythingAllGiveTheFullValue) {
  const auto kid = kernel_distance(rows(60, 8, 1), rows(80, 8, 2, 0.1).narrow(0, 0, 60));
  EXPECT_NEAR(kid.value, goldens()["kid"]["equal_size"].get<double>(), 1e-13);
  EXPECT_NEAR(kid.std, 0.0, 1e-13);
}

TEST(Kid, SubsetsScatterAroundTheFullValueAndFollowTheSeed) {
  const auto a = rows(600, 8, 1);
  const auto b = rows(500, 8, 2, 0.1);
  const auto full = kernel_distance(a, b, {.subsets = 0});
  const auto kid = kernel_distance(a, b, {.subsets = 100, .subset_size = 100, .seed = 7});
  EXPECT_GT(kid.std, 0.0);
  EXPECT_NEAR(kid.value, full.value, 4 * kid.std / 10);
  EXPECT_EQ(kid.value, kernel_distance(a, b, {.subsets = 100, .subset_size = 100, .seed = 7}).value);
  EXPECT_NE(kid.value, kernel_distance(a, b, {.subsets = 100, .subset_size = 100, .seed = 8}).value);
}

TEST(Kid, BlocksOfRowsAddUp) {  // more rows than one block holds
  const auto a = rows(2500, 8, 1);
  const auto kernel = (a.mm(a.t()) / 8 + 1).pow(3);
  const double n = 2500;
  const double expected =
      2 * (kernel.sum() - kernel.trace()).item<double>() / (n * (n - 1)) - 2 * kernel.mean().item<double>();
  EXPECT_NEAR(kernel_distance(a, a, {.subsets = 0}).value, expected, 1e-12);
}

TEST(InceptionScore, AgreesWithNumpy) {
  const auto score = inception_score(rows(103, 10, 7) * 6);
  EXPECT_NEAR(score.value, goldens()["inception_score"]["value"].get<double>(), 1e-12);
  EXPECT_NEAR(score.std, goldens()["inception_score"]["std"].get<double>(), 1e-12);
}

TEST(InceptionScore, KnownValues) {
  EXPECT_NEAR(inception_score(at::zeros({20, 5})).value, 1.0, 1e-14);  // nothing is known of any sample
  // every sample certain, every class in each part: the number of classes; logits this far apart overflow exp
  EXPECT_NEAR(inception_score(at::eye(5, at::kDouble).repeat({10, 1}) * 5000).value, 5.0, 1e-12);
}

TEST(PrecisionRecall, AgreesWithBruteForce) {
  const auto& golden = goldens()["precision_recall"];
  const auto small = precision_recall(rows(60, 8, 1), rows(80, 8, 2, 0.1));
  EXPECT_DOUBLE_EQ(small.precision, golden["small"]["precision"].get<double>());
  EXPECT_DOUBLE_EQ(small.recall, golden["small"]["recall"].get<double>());
  const auto wide = precision_recall(rows(300, 128, 3), rows(400, 128, 4, 0.05));
  EXPECT_DOUBLE_EQ(wide.precision, golden["wide"]["precision"].get<double>());
  EXPECT_DOUBLE_EQ(wide.recall, golden["wide"]["recall"].get<double>());
}

TEST(PrecisionRecall, ExtremesAndCopies) {
  const auto real = rows(5000, 4, 2);
  const auto same = precision_recall(real, real);
  EXPECT_EQ(same.precision, 1.0);
  EXPECT_EQ(same.recall, 1.0);
  const auto far = precision_recall(rows(50, 4, 1, 100.0), real);
  EXPECT_EQ(far.precision, 0.0);
  EXPECT_EQ(far.recall, 0.0);
  // one real image over and over: all good, and balls of radius 0 that contain just that one
  const auto collapsed = precision_recall(real.narrow(0, 17, 1).repeat({50, 1}), real);
  EXPECT_EQ(collapsed.precision, 1.0);
  EXPECT_EQ(collapsed.recall, 1.0 / 5000);
}

TEST(SetMetrics, RefuseBadRows) {
  auto bad = rows(20, 8, 1);
  bad[3][3] = std::numeric_limits<double>::quiet_NaN();
  const auto good = rows(20, 8, 2);
  EXPECT_THROW(kernel_distance(bad, good), InputError);
  EXPECT_THROW(kernel_distance(good, bad), InputError);
  EXPECT_THROW(kernel_distance(good, rows(20, 5, 1)), InputError);
  EXPECT_THROW(kernel_distance(good, good.narrow(0, 0, 1)), InputError);
  EXPECT_THROW(kernel_distance(good.narrow(0, 0, 1), good, {.subsets = 0}), InputError);
  EXPECT_THROW(inception_score(bad), InputError);
  EXPECT_THROW(inception_score(good.narrow(0, 0, 9)), InputError);
  EXPECT_THROW(precision_recall(bad, good), InputError);
  EXPECT_THROW(precision_recall(good, rows(20, 5, 1)), InputError);
  EXPECT_THROW(precision_recall(good.narrow(0, 0, 3), good), InputError);
}

}  // namespace
}  // namespace diffbench::quality
