// Whole trajectories: no method disturbs a solver, and no row its neighbours.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <numeric>

#include "methods/config/input_error.h"
#include "methods/registry.h"
#include "methods/sampling/guidance.h"
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
    const auto denoiser = guide(methods::make_method(method, params, {.model = model, .load = load, .where = "test"}),
                                guidance_, *model, "test");
    const Sampler sampler(solvers::make_plan(request, *model->schedule), *model);
    PhiloxNoise noise(11, samples, {1, 8, 8}, model->compute);
    trace_.clear();
    denoiser->prepare({.rows = static_cast<int64_t>(samples.size()), .times = times_of(sampler.plan())}, nullptr);
    const c10::InferenceMode inference;
    return sampler.run(*denoiser, noise, default_labels(samples, 3, model->compute), trace_);
  }

  testing_models::TemporaryModel files_;
  testing_models::TemporaryFolder folder_;
  std::shared_ptr<Model> discrete_;
  std::shared_ptr<Model> continuous_;
  Trace trace_;
  Guidance guidance_;  // none
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

// guidance doubles the rows of a batch: each half goes on by itself, or with its other half
TEST_F(EveryCombination, NeverExitEqualsFullUnderGuidance) {
  const std::vector<int64_t> samples = {0, 1, 2};
  const solvers::PlanRequest request{.solver = "ddim", .grid = "trailing", .steps = 6};
  int compared = 0;
  for (const bool joint : {true, false}) {
    guidance_ = {.scale = 2.0, .joint_exits = joint};
    set_interval(guidance_, {200.0, 900.0}, "test");
    const auto full = sample(discrete_, "full", json::object(), request, samples);
    for (const auto& method : methods::method_table()) {
      auto given = json::object();
      if (method.name == "duodiff") given["shallow"] = discrete_->file;
      const auto params = method.never_skip(given, *discrete_);
      if (!params) continue;
      const auto own = sample(discrete_, method.name, *params, request, samples);
      EXPECT_LT((own - full).abs().max().item<float>(), 1e-5F) << method.name << " " << joint;
      ++compared;
    }
  }
  EXPECT_GT(compared, 20);
}

// the matrix that `list methods` prints: any method in any place for one, skipping, with guidance and without
TEST_F(EveryCombination, EveryMethodRunsInsideEveryOtherOrSaysWhyNot) {
  const std::vector<int64_t> samples = {0, 1, 2};
  const solvers::PlanRequest request{.solver = "ddim", .grid = "trailing", .steps = 6};
  int ran = 0;
  int refused = 0;
  for (const double scale : {1.0, 2.0}) {
    guidance_ = {.scale = scale};
    for (const auto& outer : methods::method_table()) {
      for (const auto& place : outer.inner_methods) {
        for (const auto& inner : methods::method_table()) {
          const auto own = [&](const methods::MethodEntry& entry) {
            json params = json::object();
            if (entry.name == "duodiff") params["shallow"] = discrete_->file;
            if (entry.name == "random_exit") params["mean_depth"] = 3;
            if (entry.name == "fixed_exit") params["exit"] = 3;
            if (entry.name == "uncertainty_exit") params["threshold"] = 0.5;
            if (entry.name == "layer_mask") params["skips"] = false;  // a table is made for one network
            return entry.skipping(params, *discrete_);
          };
          auto params = own(outer);
          params[place] = inner.name;
          const auto inner_params = place == "method" ? "params" : place.substr(0, place.find('_')) + "_params";
          params[inner_params] = own(inner);
          const auto label = outer.name + "." + place + " = " + inner.name;
          if (!inner.alone.empty()) {
            EXPECT_THAT([&] { sample(discrete_, outer.name, params, request, samples); },
                        ::testing::ThrowsMessage<config::InputError>(::testing::HasSubstr(inner.alone)))
                << label;
            ++refused;
            continue;
          }
          const auto result = sample(discrete_, outer.name, params, request, samples);
          EXPECT_TRUE(at::isfinite(result).all().item<bool>()) << label;
          for (const auto& evaluation : trace_) {
            EXPECT_EQ(evaluation.rows, scale == 1.0 ? 3 : 6) << label;
            EXPECT_EQ(std::accumulate(evaluation.exit_count.begin(), evaluation.exit_count.end(), int64_t{0}),
                      evaluation.rows)
                << label;
          }
          ++ran;
        }
      }
    }
  }
  EXPECT_GT(ran, 80);
  EXPECT_EQ(refused, 2 * 3 * 2);  // null and risk_controlled, in three places, with guidance and without
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
