#pragma once
// Training at its smallest, for tests.
//
//   TEST_F(TrainerTest, ...) { write_recipe("label_dropout = 0.1\n"); const auto weights = train("state", {12}); }

#include <gmock/gmock.h>

#include <fstream>

#include "methods/data/png.h"
#include "methods/training/trainer.h"
#include "tests/methods/test_models.h"

namespace diffbench::testing_models {

// a folder with a tiny model, 16 random images of 8 x 8 and a recipe over them
class TrainerTest : public ::testing::Test {
 protected:
  TrainerTest() {
    std::ofstream(folder_.path() / "model.toml") << testing_models::tiny_toml({.depth = 2, .width = 16, .classes = 0});
    std::filesystem::create_directories(folder_.path() / "images");
    at::manual_seed(5);
    for (int i = 0; i < 16; ++i) {
      const auto pixels = at::randint(256, {64}, at::TensorOptions(at::kByte));
      data::write_png(folder_.path() / "images" / ("image" + std::to_string(10 + i) + ".png"),
                      {8, 8, 1, {pixels.data_ptr<uint8_t>(), pixels.data_ptr<uint8_t>() + 64}});
    }
    write_recipe("");
  }

  void write_recipe(const std::string& denoiser, const std::string& task = "denoiser") {
    std::ofstream(folder_.path() / "recipe.toml")
        << "task = \"" << task
        << "\"\nmodel = \"model.toml\"\nseed = 3\nprecision = \"bf16\"\n[data]\nname = "
           "\"image_folder\"\ndir = \""
        << (folder_.path() / "images").string()
        << "\"\n[optimizer]\nsteps = 12\nbatch = 8\nwarmup_steps = 3\nlearning_rate = 1e-3\nlog_every_steps = 4\n"
        << "[denoiser]\n"
        << denoiser;
  }

  training::Recipe recipe() const {
    return training::read_recipe(folder_.path() / "recipe.toml", {.data_dir = "", .device = "cpu", .output = ""});
  }

  // parameters after training until `stops`, each time as a new process would go on
  std::map<std::string, at::Tensor> train(const std::string& state, const std::vector<int64_t>& stops) const {
    std::map<std::string, at::Tensor> result;
    for (const int64_t stop : stops) {
      const training::Recipe own = recipe();
      const auto task = training::make_task(own);
      training::Trainer trainer(own, *task, folder_.path() / state);
      trainer.run([](const training::Progress&) {}, stop);
      trainer.use_averaged_weights();
      for (const auto& [name, value] : task->parameters()) {
        result[name] = value.detach().clone();
      }
    }
    return result;
  }

  std::string log_without_seconds(const std::string& state) const {
    std::ifstream in(folder_.path() / state / "log.csv");
    std::string text;
    for (std::string line; std::getline(in, line);) {
      text += line.substr(0, line.rfind(',')) + "\n";
    }
    return text;
  }

  TemporaryFolder folder_;
};

}  // namespace diffbench::testing_models
