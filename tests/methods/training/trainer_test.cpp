#include "methods/training/trainer.h"

#include <gmock/gmock.h>

#include "methods/config/input_error.h"
#include "tests/methods/training/tiny_training.h"

namespace diffbench::training {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using testing_models::TrainerTest;

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

TEST_F(TrainerTest, ADiTLearnsFromItsZeroStartItsSigmaToo) {
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
  const auto with_sigma = train("sigma", {12});
  const auto of_v = with_sigma.at("final_layer.linear.bias").view({-1, 2}).select(1, 1);  // the last of two channels
  EXPECT_GT(of_v.abs().max().item<double>(), 0.0);
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
