// sFID and CMMD against the formulas of the code that their papers come with: make_published_goldens.py.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "harness/quality/fid.h"
#include "harness/quality/kernel_distance.h"
#include "tests/harness/quality/golden_rows.h"

namespace diffbench::quality {
namespace {

using testing::rows;

double relative_error(double ours, double theirs) { return std::abs(ours / theirs - 1); }

const nlohmann::json& published() {
  static const nlohmann::json kPublished = testing::json_of("published_goldens.json");
  return kPublished;
}

// what an extractor answers: the first 7 of 9 channels, each row in the order [H, W, C]
at::Tensor spatial(const at::Tensor& maps) { return maps.reshape({-1, 2, 2, 9}).narrow(3, 0, 7).flatten(1); }

TEST(PublishedGoldens, SfidIsThatOfAdmsEvaluator) {
  const auto generated = spatial(rows(300, 36, 31));
  Reference reference;
  reference.spatial = std::make_shared<FrechetReference>(gaussian_of(spatial(rows(200, 36, 32, 0.2))));
  const Evidence evidence{.spatial = rows_of(generated), .reference = &reference};
  EXPECT_LT(relative_error(sfid(evidence).parts.front().value, published()["sfid"]), 1e-9);
}

TEST(PublishedGoldens, CmmdIsThatOfItsAuthors) {
  const auto of = [](const at::Tensor& a, const at::Tensor& b) {
    Reference reference;
    reference.rows = rows_of(b);
    const Evidence evidence{.features = rows_of(a), .reference = &reference};
    return cmmd(evidence).parts.front().value;
  };
  EXPECT_LT(relative_error(of(rows(120, 24, 33), rows(90, 24, 34, 0.1)), published()["cmmd"]["near"]), 1e-9);
  EXPECT_LT(relative_error(of(5 * rows(120, 24, 33), 5 * rows(90, 24, 34, 0.4)), published()["cmmd"]["wide"]), 1e-9);
}

}  // namespace
}  // namespace diffbench::quality
