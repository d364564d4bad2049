// Losses by hand, and a network that compares two images.
#include "methods/risk_controlled/sample_losses.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <torch/script.h>

#include "methods/config/input_error.h"
#include "methods/risk_controlled/pair_network.h"
#include "methods/risk_controlled/trajectory_losses.h"
#include "tests/methods/test_models.h"

namespace diffbench::methods::risk_controlled {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

double only(const at::Tensor& losses) { return losses.item<double>(); }

at::Tensor row(std::vector<double> values) { return at::tensor(values, at::kDouble).unsqueeze(0); }

TEST(SampleLosses, DistancesByHand) {
  EXPECT_DOUBLE_EQ(only(rmse_distance(row({0.0, 0.0}), row({0.6, 0.8}))), std::sqrt(0.5));
  EXPECT_DOUBLE_EQ(only(relative_distance(row({3.0, 4.0}), row({-3.0, -4.0}))), 1.0);
  EXPECT_DOUBLE_EQ(only(relative_distance(row({1.0, 0.0}), row({3.0, 0.0}))), 0.5);
  EXPECT_DOUBLE_EQ(only(relative_distance(row({0.0, 0.0}), row({0.0, 0.0}))), 0.0);
  EXPECT_DOUBLE_EQ(only(unit_pixels(row({-1.0}), ImageSpec{})), 0.0);
  EXPECT_DOUBLE_EQ(only(unit_pixels(row({7.0}), ImageSpec{})), 1.0);
}

TEST(SampleLosses, ConsistencyAsksForTheSameLabel) {
  EXPECT_EQ(only(label_change(row({1.0, 2.0, 0.0}), row({0.0, 0.1, 0.0}))), 0.0);
  EXPECT_EQ(only(label_change(row({1.0, 2.0, 0.0}), row({3.0, 2.0, 0.0}))), 1.0);
  const double big = 800.0;  // sure of itself
  EXPECT_EQ(only(brier_distance(row({big, 0.0}), row({big, 0.0}))), 0.0);
  EXPECT_EQ(only(brier_distance(row({big, 0.0}), row({0.0, big}))), 2.0);
  EXPECT_DOUBLE_EQ(only(brier_distance(row({0.0, 0.0}), row({big, 0.0}))), 0.5);
}

TEST(SampleLosses, GapsAreScoresAgainstTheLabel) {
  const auto first = at::tensor({0}, at::kLong);
  EXPECT_EQ(only(right_or_wrong(row({2.0, 1.0}), first)), 0.0);
  EXPECT_EQ(only(right_or_wrong(row({1.0, 2.0}), first)), 1.0);
  EXPECT_DOUBLE_EQ(only(brier_score(row({0.0, 0.0}), first)), 0.5);
  EXPECT_EQ(only(brier_score(row({0.0, 800.0}), first)), 2.0);
  const double quarter = only(brier_score(row({std::log(3.0), 0.0}), first));  // probabilities 3/4, 1/4
  EXPECT_NEAR(quarter, 0.125, 1e-15);
}

TEST(SampleLosses, MeanExitCountsRowsByDepth) {
  EvaluationTrace first;
  first.exit_count = {0, 1, 0, 0, 3};  // of four blocks: one row after 1, three after 4
  EvaluationTrace second;
  second.exit_count = {0, 0, 4, 0, 0};
  EXPECT_DOUBLE_EQ(mean_exit({first, second}), (1.0 + 12.0 + 8.0) / 32.0);
}

class PairNetworks : public ::testing::Test {
 protected:
  std::string network(const std::string& body) const {
    torch::jit::Module module("pair");
    module.define("def forward(self, a, b):\n" + body);
    const auto file = (folder_.path() / "pair.pt").string();
    module.save(file);
    return file;
  }

  testing_models::TemporaryFolder folder_;
};

TEST_F(PairNetworks, AnswersForEveryPairInOrder) {
  const PairNetwork distance(network("    return (a - b).abs().mean([1, 2, 3], True)\n"), at::kCPU);
  const auto a = at::arange(150, at::kDouble).reshape({150, 1, 1, 1}).expand({150, 1, 4, 4}) / 150.0;
  const auto distances = distance(a, at::zeros({150, 1, 4, 4}, at::kDouble));  // three batches, the last one short
  EXPECT_EQ(distances.sizes(), (std::vector<int64_t>{150}));
  EXPECT_TRUE(at::allclose(distances, a.select(1, 0).select(1, 0).select(1, 0), 0.0, 1e-6));
}

TEST_F(PairNetworks, RefusesWhatIsNoDistance) {
  const auto images = at::ones({3, 1, 4, 4});
  const auto refused = [&](const std::string& body, const char* words) {
    const PairNetwork distance(network(body), at::kCPU);
    EXPECT_THAT(
        [&] { distance(images, images); },
        ThrowsMessage<config::InputError>(AllOf(HasSubstr("--network"), HasSubstr("pair.pt"), HasSubstr(words))));
  };
  refused("    return (a - b).mean()\n", "expected one number a pair");
  refused("    return -a.mean([1, 2, 3])\n", "negative");
  refused("    return a.mean([1, 2, 3]) / 0.0\n", "not finite");
  refused("    return (a, b)\n", "gives no tensor");
  refused("    return a.reshape([7])\n", "gives no tensor");
  EXPECT_THAT([&] { PairNetwork("gone.pt", at::kCPU); }, ThrowsMessage<config::InputError>(HasSubstr("no such file")));
  const auto text = folder_.path() / "text.pt";
  std::ofstream(text) << "words";
  EXPECT_THAT([&] { PairNetwork(text, at::kCPU); }, ThrowsMessage<config::InputError>(HasSubstr("TorchScript")));
}

}  // namespace
}  // namespace diffbench::methods::risk_controlled
