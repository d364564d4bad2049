#include "methods/sampler.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <numeric>

#include "methods/config/input_error.h"
#include "methods/registry.h"
#include "methods/solvers/solver_table.h"
#include "tests/methods/test_models.h"

namespace diffbench {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::shared_ptr<Model> mixture(const testing_models::TemporaryFolder& folder, const std::string& precision) {
  std::ofstream(folder.path() / "model.toml")
      << "[backbone]\nkind = \"gaussian_mixture\"\nimage_size = 4\nchannels = 1\n"
         "means = [-0.6, 0.5]\nstds = [0.1, 0.2]\nweights = [0.3, 0.7]\n[noise]\nschedule = \"linear\"\n";
  return load_model(folder.path(), resolve_compute("cpu", precision));
}

at::Tensor sample(const Model& model, const solvers::PlanRequest& request, const std::vector<int64_t>& samples) {
  const Sampler sampler(solvers::make_plan(request, *model.schedule), model.compute);
  const auto denoiser = methods::make_method("full", nlohmann::json::object(),
                                             {.model = std::make_shared<Model>(model), .load = {}, .where = "test"});
  PhiloxNoise noise(11, samples, {1, model.network.image_size, model.network.image_size}, model.compute);
  Trace trace;
  return sampler.run(*denoiser, noise, default_labels(samples, model.network.classes, model.compute), trace);
}

TEST(Sampler, EverySolverReachesTheMixture) {
  const testing_models::TemporaryFolder folder;
  const auto model = mixture(folder, "fp32");
  std::vector<int64_t> samples(4000);
  std::iota(samples.begin(), samples.end(), 0);
  const double mean = 0.3 * -0.6 + 0.7 * 0.5;
  const double second = 0.3 * (0.36 + 0.01) + 0.7 * (0.25 + 0.04);
  for (const auto& name : solvers::solver_names()) {
    const auto x = sample(*model, {.solver = name, .grid = "trailing", .steps = 200}, samples).to(at::kDouble);
    const double n = static_cast<double>(x.numel());
    // four standard errors, and 2 % of the deviation for 200 steps instead of infinitely many
    const double deviation = std::sqrt(second - mean * mean);
    EXPECT_NEAR(x.mean().item<double>(), mean, 4.0 * deviation / std::sqrt(n) + 0.02 * deviation) << name;
    EXPECT_NEAR(x.std().item<double>(), deviation, 0.03 * deviation) << name;
  }
}

TEST(Sampler, ASampleDoesNotDependOnItsBatch) {
  const testing_models::TemporaryModel files({});
  const auto model = load_model(files.path(), resolve_compute("cpu", "fp32"));
  const solvers::PlanRequest request{.solver = "ddpm", .grid = "leading", .steps = 5};
  const auto together = sample(*model, request, {0, 1, 2, 3, 4});
  const auto shuffled = sample(*model, request, {4, 2});
  EXPECT_LT((together[4] - shuffled[0]).abs().max().item<float>(), 1e-5F);
  EXPECT_LT((together[2] - shuffled[1]).abs().max().item<float>(), 1e-5F);
}

TEST(Sampler, Fp64KeepsTheStateInFloat64) {
  const testing_models::TemporaryModel files({});
  const auto model = load_model(files.path(), resolve_compute("cpu", "fp64"));
  EXPECT_EQ(sample(*model, {.solver = "ddim", .steps = 3}, {0, 1}).scalar_type(), at::kDouble);
}

TEST(Sampler, GivenNoiseThatRunsOutIsAnInputError) {
  GivenNoise noise(at::zeros({2, 1, 4, 4}), at::zeros({1, 2, 1, 4, 4}), resolve_compute("cpu", "fp32"));
  EXPECT_NO_THROW(noise.step(0));
  EXPECT_THAT([&] { noise.step(1); }, ThrowsMessage<config::InputError>(HasSubstr("holds 1 draws")));
}

TEST(Sampler, LearnedVarianceNeedsANetworkThatHasIt) {
  const testing_models::TemporaryFolder folder;
  const auto model = mixture(folder, "fp32");
  EXPECT_THAT(
      [&] {
        sample(*model, {.solver = "ddpm", .steps = 3, .params = {{"variance", "learned_range"}}}, {0});
      },
      ThrowsMessage<config::InputError>(HasSubstr("learned sigma")));
}

}  // namespace
}  // namespace diffbench
