// Whole trajectories: no method disturbs a solver, and no row its neighbours.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <numeric>

#include "methods/registry.h"
#include "methods/sampling/sampler.h"
#include "methods/solvers/solver_table.h"
#include "tests/methods/test_heads.h"
#include "tests/methods/test_models.h"

namespace diffbench {
namespace {

using nlohmann::json;

// one network under a discrete schedule and, with the same weights, under a continuous one
class EveryCombination : public ::testing::Test {
 protected:
  EveryCombination() : files_({.depth = 4}) {
    discrete_ = load_model(files_.path(), resolve_compute("cpu", "fp32"));
    testing_models::write_random_heads(*discrete_);
    const auto folder = folder_.path() / "continuous";
    std::filesystem::copy(files_.path(), folder, std::filesystem::copy_options::recursive);
    auto toml = testing_models::tiny_toml({.depth = 4});
    toml.replace(toml.find("linear"), 6, "vp_continuous");
    toml.insert(toml.find("[noise]"), "time_input = \"uvit_continuous\"\n");
    std::ofstream(folder / "model.toml") << toml;
    continuous_ = load_model(folder.string(), resolve_compute("cpu", "fp32"));
    testing_models::write_random_heads(*continuous_);
  }

  at::Tensor sample(const std::shared_ptr<Model>& model, const std::string& method, const json& params,
                    const solvers::PlanRequest& request, const std::vector<int64_t>& samples) {
    const auto load = [&](const std::string& name) { return load_model(name, model->compute); };
    const auto denoiser = methods::make_method(method, params, {.model = model, .load = load, .where = "test"});
    const Sampler sampler(solvers::make_plan(request, *model->schedule), *model);
    PhiloxNoise noise(11, samples, {1, 8, 8}, model->compute);
    trace_.clear();
    const c10::InferenceMode inference;
    return sampler.run(*denoiser, noise, default_labels(samples, 3, model->compute), trace_);
  }

  testing_models::TemporaryModel files_;
  testing_models::TemporaryFolder folder_;
  std::shared_ptr<Model> discrete_;
  std::shared_ptr<Model> continuous_;
  Trace trace_;
};

TEST_F(EveryCombination, NeverExitEqualsFullUnderEverySolverAndGrid) {
  const std::vector<int64_t> samples = {0, 1, 2};
  int compared = 0;
  for (const auto& solver : solvers::solver_table()) {
    for (const auto& [model, grids] :
         {std::pair(discrete_, solver.grids), std::pair(continuous_, solver.continuous_grids)}) {
      for (const auto& grid : grids) {
        const solvers::PlanRequest request{.solver = solver.name, .grid = grid, .steps = 6};
        const auto full = sample(model, "full", json::object(), request, samples);
        ASSERT_TRUE(at::isfinite(full).all().item<bool>()) << solver.name << " " << grid;
        for (const auto& method : methods::method_table()) {
          auto given = json::object();
          if (method.name == "duodiff") {
            given["shallow"] = model->file;
          }
          if (const auto params = method.never_skip(given, *model)) {
            const auto own = sample(model, method.name, *params, request, samples);
            EXPECT_LT((own - full).abs().max().item<float>(), 1e-5F)
                << method.name << " " << solver.name << " " << grid;
            ++compared;
          }
        }
      }
    }
  }
  EXPECT_GT(compared, 200);  // methods times solvers times grids: an empty table would pass everything above
}

// 64 rows that leave at different blocks, compacted, against each of them alone: another batch size is another order of
// sums, so a row near the threshold may fall to the other side of it. None of these does.
TEST_F(EveryCombination, RowExitsAtBatch64EqualTheSameSamplesOneByOne) {
  std::vector<int64_t> samples(64);
  std::iota(samples.begin(), samples.end(), 0);
  const solvers::PlanRequest request{.solver = "dpm_solver_pp_2m", .grid = "trailing", .steps = 5};
  const auto model = load_model(files_.path(), resolve_compute("cpu", "fp64"));  // rounding must not hide a wrong row
  for (const char* compaction : {"always", "never"}) {
    const json params = {{"threshold", 0.5}, {"compaction", compaction}};
    const auto together = sample(model, "uncertainty_exit", params, request, samples);
    int depths = 0;
    for (const auto& evaluation : trace_) {
      depths += static_cast<int>(std::count_if(evaluation.exit_count.begin(), evaluation.exit_count.end(),
                                               [](int64_t rows) { return rows > 0 && rows < 64; }));
    }
    ASSERT_GT(depths, 5) << "the rows must not all leave together";
    for (const int64_t row : samples) {
      const auto alone = sample(model, "uncertainty_exit", params, request, {row});
      EXPECT_LT((together[row] - alone[0]).abs().max().item<double>(), 1e-9 * together.abs().max().item<double>())
          << compaction << " row " << row;
    }
  }
}

}  // namespace
}  // namespace diffbench
