#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "harness/quality/inception_score.h"
#include "harness/quality/kid.h"
#include "harness/quality/metrics.h"
#include "methods/config/input_error.h"
#include "tests/harness/quality/golden_rows.h"

namespace diffbench::quality {
namespace {

using config::InputError;
using testing::goldens;
using testing::rows;

struct Sets {
  Reference reference{};
  Evidence evidence{};

  Sets(const at::Tensor& generated, const at::Tensor& real) {
    reference.rows = rows_of(real);
    evidence.features = rows_of(generated);
    evidence.reference = &reference;
  }
  Sets(const Sets&) = delete;  // the evidence points at the reference

  std::vector<double> values(const std::string& names) const {
    std::vector<double> found;
    for (const auto& one : compute(find_metrics({names}, "test"), evidence)) found.push_back(one.replicates.value);
    return found;
  }
};

std::vector<double> precision_recall(const at::Tensor& generated, const at::Tensor& real) {
  return Sets(generated, real).values("prc");
}

double inception(const at::Tensor& logits) { return inception_score({.logits = rows_of(logits)}).parts[0].value; }

TEST(Kid, FullEstimatorOfEveryRowIsThatOfSubsetsWithoutAny) {
  const auto a = rows(300, 128, 3);
  const auto b = rows(1400, 128, 4, 0.05);
  EXPECT_NEAR(Sets(a, b).values("kid")[0], kernel_distance(a, b, {.subsets = 0}).value, 1e-12);
}

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
  const auto logits = rows(103, 10, 7) * 6;
  EXPECT_NEAR(inception(logits), goldens()["inception_score"]["value"].get<double>(), 1e-12);
  EXPECT_NEAR(inception_spread(*rows_of(logits)), goldens()["inception_score"]["std"].get<double>(), 1e-12);
}

TEST(InceptionScore, KnownValues) {
  EXPECT_NEAR(inception(at::zeros({20, 5})), 1.0, 1e-14);  // nothing is known of any sample
  // every sample certain, every class in each part: the number of classes; logits this far apart overflow exp
  EXPECT_NEAR(inception(at::eye(5, at::kDouble).repeat({10, 1}) * 5000), 5.0, 1e-12);
}

TEST(PrecisionRecall, AgreesWithBruteForce) {
  const auto& golden = goldens()["precision_recall"];
  const auto small = precision_recall(rows(60, 8, 1), rows(80, 8, 2, 0.1));
  EXPECT_DOUBLE_EQ(small[0], golden["small"]["precision"].get<double>());
  EXPECT_DOUBLE_EQ(small[1], golden["small"]["recall"].get<double>());
  const auto wide = precision_recall(rows(300, 128, 3), rows(400, 128, 4, 0.05));
  EXPECT_DOUBLE_EQ(wide[0], golden["wide"]["precision"].get<double>());
  EXPECT_DOUBLE_EQ(wide[1], golden["wide"]["recall"].get<double>());
}

TEST(PrecisionRecall, ExtremesAndCopies) {
  const auto real = rows(3000, 4, 2);  // more than two blocks
  EXPECT_THAT(precision_recall(real, real), ::testing::ElementsAre(1.0, 1.0));
  EXPECT_THAT(precision_recall(rows(50, 4, 1, 100.0), real), ::testing::ElementsAre(0.0, 0.0));
  // one real image over and over: all good, and balls of radius 0 that contain just that one
  EXPECT_THAT(precision_recall(real.narrow(0, 17, 1).repeat({50, 1}), real), ::testing::ElementsAre(1.0, 1.0 / 3000));
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
  EXPECT_THROW(inception(good.narrow(0, 0, 9)), InputError);
  EXPECT_THROW(precision_recall(good, rows(20, 5, 1)), InputError);
  EXPECT_THROW(precision_recall(good.narrow(0, 0, 3), good), InputError);
  EXPECT_THROW(Sets(good, rows(20, 5, 1)).values("kid"), InputError);
  EXPECT_THROW(Sets(good, good.narrow(0, 0, 1)).values("cmmd"), InputError);
}

}  // namespace
}  // namespace diffbench::quality
