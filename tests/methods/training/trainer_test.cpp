#include "methods/training/trainer.h"

#include <gmock/gmock.h>

#include <fstream>

#include "methods/config/input_error.h"
#include "methods/data/png.h"
#include "tests/methods/test_models.h"

namespace diffbench::training {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using testing_models::TemporaryFolder;

// a folder with a tiny model, 16 random images of 8 x 8 and a recipe over them
class TrainerTest : public ::testing::Test {
 protected:
  TrainerTest() {
    std::ofstream(folder_.path() / "model.toml") << testing_models::tiny_toml({.depth = 2, .width = 16, .classes = 0});
    std::filesystem::create_directories(folder_.path() / "images");
    torch::manual_seed(5);
    for (int i = 0; i < 16; ++i) {
      const auto pixels = at::randint(256, {64}, at::TensorOptions(at::kByte));
      data::write_png(folder_.path() / "images" / ("image" + std::to_string(10 + i) + ".png"),
                      {8, 8, 1, {pixels.data_ptr<uint8_t>(), pixels.data_ptr<uint8_t>() + 64}});
    }
    write_recipe("");
  }

  void write_recipe(const std::string& denoiser) {
    std::ofstream(folder_.path() / "recipe.toml")
        << "task = \"denoiser\"\nmodel = \"model.toml\"\nseed = 3\nprecision = \"bf16\"\n[data]\nname = "
           "\"image_folder\"\ndir = \""
        << (folder_.path() / "images").string()
        << "\"\n[optimizer]\nsteps = 12\nbatch = 8\nwarmup_steps = 3\nlearning_rate = 1e-3\nlog_every_steps = 4\n"
        << "[denoiser]\n"
        << denoiser;
  }

  Recipe recipe() const {
    return read_recipe(folder_.path() / "recipe.toml", {.data_dir = "", .device = "cpu", .output = ""});
  }

  // parameters after training until `stops`, each time as a new process would go on
  std::map<std::string, at::Tensor> train(const std::string& state, const std::vector<int64_t>& stops) const {
    std::map<std::string, at::Tensor> result;
    for (const int64_t stop : stops) {
      const Recipe own = recipe();
      const auto task = make_task(own);
      Trainer trainer(own, *task, folder_.path() / state);
      trainer.run([](const Progress&) {}, stop);
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

TEST_F(TrainerTest, ResumesExactly) {
  const auto once = train("once", {12});
  const auto thrice = train("thrice", {5, 7, 12});
  for (const auto& [name, value] : once) {
    EXPECT_TRUE(at::equal(value, thrice.at(name))) << name;
  }
  EXPECT_EQ(log_without_seconds("once"), log_without_seconds("thrice"));
  EXPECT_THAT(log_without_seconds("once"), HasSubstr("\n12,96,"));
}

TEST_F(TrainerTest, LossFalls) {
  const Recipe own = recipe();
  const auto task = make_task(own);
  const double before = task->loss(1000).item<double>();
  Trainer trainer(own, *task, folder_.path() / "state");
  trainer.run([](const Progress&) {});
  EXPECT_LT(task->loss(1000).item<double>(), before);
}

TEST_F(TrainerTest, AScheduleTrainsOnlyTheBlocksItRuns) {
  write_recipe("exit_depths = [2]\n");  // 3 blocks; the decoder block is always dropped
  const Recipe own = recipe();
  const auto task = make_task(own);
  task->loss(0).backward();
  const auto parameters = task->parameters();
  EXPECT_FALSE(parameters.at("out_blocks.0.attn.qkv.weight").grad().defined());
  EXPECT_TRUE(parameters.at("out_blocks.0.skip_linear.weight").grad().defined());
  EXPECT_TRUE(parameters.at("mid_block.attn.qkv.weight").grad().defined());
}

TEST_F(TrainerTest, WrongRecipesNameFileLineAndKey) {
  write_recipe("label_dropuot = 0.1\n");
  EXPECT_THAT([&] { recipe(); }, ThrowsMessage<config::InputError>(HasSubstr("did you mean 'label_dropout'?")));
  write_recipe("exit_depths = [9]\n");
  EXPECT_THAT([&] { make_task(recipe()); },
              ThrowsMessage<config::InputError>(HasSubstr("exit_depths: 9 is not 2 to 3")));
}

TEST_F(TrainerTest, ADiTLearnsFromItsZeroStartButNotItsSigma) {
  const auto model = [&](const std::string& line) {
    std::ofstream(folder_.path() / "model.toml")
        << "[backbone]\nkind = \"dit\"\nimage_size = 8\nchannels = 1\npatch_size = 4\nwidth = 16\ndepth = 2\nheads = "
           "2\n"
        << line << "[noise]\nschedule = \"linear\"\n[weights]\nfile = \"weights.safetensors\"\n";
  };
  model("");
  const auto weights = train("state", {12});
  EXPECT_FALSE(weights.contains("pos_embed"));
  EXPECT_GT(weights.at("final_layer.linear.weight").abs().max().item<double>(), 0.0);
  EXPECT_GT(weights.at("blocks.1.adaLN_modulation.1.weight").abs().max().item<double>(), 0.0);
  model("learned_sigma = true\n");
  EXPECT_THAT([&] { make_task(recipe()); },
              ThrowsMessage<config::InputError>(HasSubstr("[backbone] learned_sigma: training learns eps alone")));
}

TEST_F(TrainerTest, AStateOfAnotherRecipeIsRefused) {
  train("state", {2});
  std::ofstream(folder_.path() / "state" / "state.pt") << "rubbish";
  const Recipe own = recipe();
  const auto task = make_task(own);
  Trainer trainer(own, *task, folder_.path() / "state");
  EXPECT_THAT([&] { trainer.run([](const Progress&) {}); },
              ThrowsMessage<config::InputError>(HasSubstr("not the state of this recipe")));
}

}  // namespace
}  // namespace diffbench::training
