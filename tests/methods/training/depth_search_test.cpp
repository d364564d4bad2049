// The recipe that searches a static schedule: its table is what the network really loses, and its result runs.
#include "methods/training/depth_search.h"

#include <fstream>
#include <sstream>

#include "methods/config/input_error.h"
#include "methods/registry.h"
#include "methods/training/denoising.h"
#include "tests/methods/training/tiny_training.h"

namespace diffbench::training {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using testing_models::TrainerTest;

class DepthSearch : public TrainerTest {
 protected:
  void write(const std::string& more, const std::string& denoiser = "") {
    const testing_models::TemporaryModel source({.depth = 2, .width = 16, .classes = 0});
    std::filesystem::copy_file(source.path() + "/weights.safetensors", folder_.path() / "weights.safetensors",
                               std::filesystem::copy_options::overwrite_existing);
    write_recipe("start_model = \"" + folder_.path().string() + "\"\n" + denoiser + more, "depth_search");
  }
  std::string text(const std::string& name) const {
    std::ostringstream all;
    all << std::ifstream(folder_.path() / name).rdbuf();
    return all.str();
  }
};

TEST_F(DepthSearch, TheTableHoldsWhatStaticSchedulesReallyLose) {
  write("[depth_search]\nbins = 1\nbudget = 0.9\n");
  EXPECT_THAT(search_depths(recipe(), [](const Progress&) {}), HasSubstr("depths = [2]"));
  EXPECT_THAT(text("depths.toml"), HasSubstr("depths = [2]"));

  // the same batches through the method itself
  auto own = recipe();
  Denoising denoising(own);
  const auto model = load_model(folder_.path().string(), resolve_compute("cpu", "fp32"));
  std::istringstream table(text("depth_losses.csv"));
  std::string line;
  std::getline(table, line);
  ASSERT_EQ(line, "bin,depth,loss");
  const c10::InferenceMode inference;
  for (const int depth : {2, 3}) {
    std::getline(table, line);
    ASSERT_THAT(line, HasSubstr("0," + std::to_string(depth) + ","));
    const auto denoiser =
        methods::make_method("static_schedule", {{"depths", {depth}}}, {.model = model, .load = {}, .where = "test"});
    double sum = 0.0;
    for (int64_t step = 0; step < own.steps; ++step) {
      const auto batch = denoising.batch(step);
      EvaluationTrace trace;
      sum += at::mse_loss(denoiser->predict({batch.x, batch.t, {}, numbered_members(batch.x.size(0))}, trace),
                          batch.target)
                 .item<double>();
    }
    EXPECT_NEAR(std::stod(line.substr(line.rfind(',') + 1)), sum / static_cast<double>(own.steps), 2e-2) << depth;
  }
}

TEST_F(DepthSearch, WhatItCannotUseIsRefused) {
  const auto refusal = [&] { search_depths(recipe(), [](const Progress&) {}); };
  write("[depth_search]\nbudget = 1.5\n");
  EXPECT_THAT(refusal, ThrowsMessage<config::InputError>(HasSubstr("budget")));
  write("[depth_search]\nbudget = 0.8\nbin = 3\n");
  EXPECT_THAT(refusal, ThrowsMessage<config::InputError>(HasSubstr("did you mean 'bins'")));
  write("[depth_search]\nbudget = 0.8\nbins = 1000\n");
  EXPECT_THAT(refusal, ThrowsMessage<config::InputError>(HasSubstr("too few")));
  write("[depth_search]\nbudget = 0.8\n", "exit_depths = [2]\n");
  EXPECT_THAT(refusal, ThrowsMessage<config::InputError>(HasSubstr("exit_depths")));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "depths.toml"));
}

}  // namespace
}  // namespace diffbench::training
