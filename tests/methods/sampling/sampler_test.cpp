#include "methods/sampling/sampler.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>

#include "methods/config/input_error.h"
#include "methods/registry.h"
#include "methods/solvers/plan_reference.h"
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
  const Sampler sampler(solvers::make_plan(request, *model.schedule), model);
  const auto denoiser = methods::make_method("full", nlohmann::json::object(),
                                             {.model = std::make_shared<Model>(model), .load = {}, .where = "test"});
  PhiloxNoise noise(11, samples, {1, model.network.image_size, model.network.image_size}, model.compute);
  Trace trace;
  return sampler.run(*denoiser, noise, default_labels(samples, model.network.classes, model.compute), trace);
}

// where a solver runs on the mixture's discrete schedule
std::string some_grid(const solvers::SolverEntry& entry) {
  for (const char* grid : {"trailing", "logsnr"}) {
    if (std::find(entry.grids.begin(), entry.grids.end(), grid) != entry.grids.end()) {
      return grid;
    }
  }
  return "";
}

TEST(Sampler, EverySolverReachesTheMixture) {
  const testing_models::TemporaryFolder folder;
  const auto model = mixture(folder, "fp32");
  std::vector<int64_t> samples(4000);
  std::iota(samples.begin(), samples.end(), 0);
  const double mean = 0.3 * -0.6 + 0.7 * 0.5;
  const double second = 0.3 * (0.36 + 0.01) + 0.7 * (0.25 + 0.04);
  for (const auto& entry : solvers::solver_table()) {
    const auto grid = some_grid(entry);
    if (grid.empty()) {
      EXPECT_EQ(entry.name, "euler_maruyama");  // which needs vp_continuous
      continue;
    }
    const auto x = sample(*model, {.solver = entry.name, .grid = grid, .steps = 200}, samples).to(at::kDouble);
    const double n = static_cast<double>(x.numel());
    // four standard errors, and 2 % of the deviation for 200 steps instead of infinitely many
    const double deviation = std::sqrt(second - mean * mean);
    EXPECT_NEAR(x.mean().item<double>(), mean, 4.0 * deviation / std::sqrt(n) + 0.02 * deviation) << entry.name;
    EXPECT_NEAR(x.std().item<double>(), deviation, 0.03 * deviation) << entry.name;
  }
}

// the loop of plan_reference.h; the network's output is eps, or eps and then v
solvers::Values reference_sample(const Model& model, const solvers::Plan& plan, const at::Tensor& start,
                                 const std::vector<solvers::Values>& noise) {
  const auto values = [](const at::Tensor& tensor) {
    const auto flat = tensor.to(at::kDouble).contiguous().flatten();
    return solvers::Values(flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel());
  };
  const auto eps = [&](const solvers::Values& x, double t) {
    auto input = at::tensor(x, at::TensorOptions(at::kDouble)).view(start.sizes());
    const std::vector<double> times(static_cast<size_t>(start.size(0)), t);
    auto hidden = model.network.backbone->embed(input, times, {});
    for (int block = 0; block < model.network.backbone->block_count(); ++block) {
      model.network.backbone->run_block(block, hidden);
    }
    return values(model.network.backbone->head(hidden));
  };
  return run_reference(plan, values(start), eps, noise);
}

TEST(Sampler, EveryPlanIsExecutedAsTheReferenceDoes) {
  const testing_models::TemporaryFolder folder;
  const auto model = mixture(folder, "fp64");
  const auto options = at::TensorOptions(at::kDouble);
  at::manual_seed(3);
  const auto start = at::randn({1, 1, 4, 4}, options);  // one sample: a threshold is taken per sample
  const auto draws = at::randn({20, 1, 1, 4, 4}, options);
  std::vector<solvers::Values> reference_draws;
  for (int k = 0; k < 20; ++k) {
    const auto flat = draws[k].flatten();
    reference_draws.emplace_back(flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel());
  }
  const std::vector<nlohmann::json> variants = {nlohmann::json::object(),
                                                {{"clip_sample", true}, {"clip_sample_range", 0.5}},
                                                {{"thresholding", true}, {"sample_max_value", 1.2}}};
  for (const auto& entry : solvers::solver_table()) {
    for (const auto& params : some_grid(entry).empty() ? std::vector<nlohmann::json>{} : variants) {
      const auto plan = solvers::make_plan(
          {.solver = entry.name, .grid = some_grid(entry), .steps = 8, .params = params}, *model->schedule);
      const auto denoiser =
          methods::make_method("full", nlohmann::json::object(), {.model = model, .load = {}, .where = "test"});
      GivenNoise noise(start, draws, model->compute);
      Trace trace;
      const auto ours = Sampler(plan, *model).run(*denoiser, noise, {}, trace).flatten();
      const auto reference = reference_sample(*model, plan, start, reference_draws);
      EXPECT_LT((ours - at::tensor(reference, options)).abs().max().item<double>(), 1e-10) << entry.name << params;
    }
  }
}

// two groups of rows, the second three evaluations behind: the same samples as each group alone
TEST(Sampler, RowsOfOneBatchMayStandAtDifferentEvaluations) {
  const testing_models::TemporaryFolder folder;
  const auto model = mixture(folder, "fp64");
  const std::vector<int64_t> shape{1, 4, 4};
  for (const auto& entry : solvers::solver_table()) {
    if (some_grid(entry).empty()) {
      continue;
    }
    const Sampler sampler(
        solvers::make_plan({.solver = entry.name, .grid = some_grid(entry), .steps = 7}, *model->schedule), *model);
    const auto denoiser =
        methods::make_method("full", nlohmann::json::object(), {.model = model, .load = {}, .where = "test"});
    PhiloxNoise noise_a(5, {0, 1}, shape, model->compute);
    PhiloxNoise noise_b(5, {2, 3, 4}, shape, model->compute);
    PhiloxNoise noise_all(5, {0, 1, 2, 3, 4}, shape, model->compute);
    Trace trace;
    const auto alone =
        at::cat({sampler.run(*denoiser, noise_a, {}, trace), sampler.run(*denoiser, noise_b, {}, trace)});

    EvaluationTrace ignored;
    auto running = sampler.start(noise_a);
    for (int i = 0; i < 3; ++i) {
      sampler.advance(running, *denoiser, noise_a, {}, ignored);
    }
    auto both = join(running, sampler.start(noise_b));
    while (!sampler.is_finished(both, 0)) {
      sampler.advance(both, *denoiser, noise_all, {}, ignored);
    }
    auto rest = select(both, {2, 3, 4});
    while (!sampler.is_finished(rest, 0)) {
      sampler.advance(rest, *denoiser, noise_b, {}, ignored);
    }
    const auto staggered = at::cat({both.registers[0].narrow(0, 0, 2), rest.registers[0]});
    EXPECT_LT((alone - staggered).abs().max().item<double>(), 1e-10) << entry.name;
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

// a DiT with learned sigma: its v scales the noise
TEST(Sampler, LearnedVarianceScalesTheNoiseByTheNetworksSecondHalf) {
  const auto model =
      load_model(DIFFBENCH_TESTS_DIR "/methods/backbones/goldens/dit_base", resolve_compute("cpu", "fp64"));
  ASSERT_TRUE(model->network.learned_sigma);
  const auto options = at::TensorOptions(at::kDouble);
  at::manual_seed(5);
  const auto start = at::randn({1, 2, 8, 8}, options);
  const auto draws = at::randn({6, 1, 2, 8, 8}, options);
  std::vector<solvers::Values> reference_draws;
  for (int k = 0; k < 6; ++k) {
    const auto flat = draws[k].flatten();
    reference_draws.emplace_back(flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel());
  }
  const auto plan =
      solvers::make_plan({.solver = "ddpm", .steps = 6, .params = {{"variance", "learned_range"}}}, *model->schedule);
  const auto denoiser =
      methods::make_method("full", nlohmann::json::object(), {.model = model, .load = {}, .where = "test"});
  GivenNoise noise(start, draws, model->compute);
  Trace trace;
  const auto ours = Sampler(plan, *model).run(*denoiser, noise, {}, trace).flatten();
  const auto reference = at::tensor(reference_sample(*model, plan, start, reference_draws), options);
  // relative: random weights give a v far outside [-1, 1], so the samples are large
  EXPECT_LT(((ours - reference).abs().max() / reference.abs().max()).item<double>(), 1e-12);
  auto fixed = solvers::make_plan({.solver = "ddpm", .steps = 6}, *model->schedule);
  const auto other = Sampler(fixed, *model).run(*denoiser, noise, {}, trace).flatten();
  EXPECT_GT((ours - other).abs().max().item<double>(), 1e-6);  // v does something
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
