// What the network is trained to give.
#include "methods/training/denoising.h"

#include <gmock/gmock.h>

#include "methods/config/input_error.h"
#include "tests/methods/training/tiny_training.h"

namespace diffbench::training {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class DenoisingTest : public testing_models::TrainerTest {
 protected:
  void write_model(const std::string& more, int classes = 0) const {
    std::ofstream(folder_.path() / "model.toml")
        << testing_models::tiny_toml({.depth = 2, .width = 16, .classes = classes, .more = more});
  }
};

// images and noise are those of eps training; the targets are formulas of their own, `previous` that of DuoDiff's
// trainer
TEST_F(DenoisingTest, TargetsAreWhatThePredictionSays) {
  const auto of_eps = Denoising(recipe()).batch(1);
  const auto betas = at::linspace(1e-4, 0.02, 1000, at::TensorOptions(at::kDouble));
  const auto alphas_bar = (1.0 - betas).cumprod(0);
  const auto before = at::cat({at::ones({1}, alphas_bar.options()), alphas_bar.slice(0, 0, 999)});
  const auto index = at::tensor(of_eps.t, at::TensorOptions(at::kDouble)).to(at::kLong);
  const auto at_t = [&](const at::Tensor& table) { return table.index_select(0, index).view({-1, 1, 1, 1}); };
  const auto beta = at_t(betas);
  const auto bar = at_t(alphas_bar);
  const auto bar_before = at_t(before);
  const auto x = of_eps.x.to(at::kDouble);
  const auto noise = of_eps.target.to(at::kDouble);
  const auto images = (x - (1.0 - bar).sqrt() * noise) / bar.sqrt();
  EXPECT_LE(images.abs().max().item<double>(), 1.0 + 1e-4);  // they are images
  const std::map<std::string, at::Tensor> expected{
      {"x0", images},
      {"v", bar.sqrt() * noise - (1.0 - bar).sqrt() * images},
      {"previous",
       bar_before.sqrt() * beta * images / (1.0 - bar) + (1.0 - beta).sqrt() * (1.0 - bar_before) * x / (1.0 - bar)}};
  for (const auto& [name, target] : expected) {
    write_model("prediction = \"" + name + "\"\n");
    const auto batch = Denoising(recipe()).batch(1);
    ASSERT_TRUE(at::equal(batch.x, of_eps.x)) << name;
    EXPECT_LT((batch.target.to(at::kDouble) - target).abs().max().item<double>(), 1e-4) << name;
  }
}

TEST_F(DenoisingTest, DroppedLabelsNeedANullLabel) {
  write_model("null_label = false\n", 3);
  Denoising(recipe()).batch(0);
  write_recipe("label_dropout = 0.1\n");
  EXPECT_THAT([&] { Denoising(recipe()); },
              ThrowsMessage<config::InputError>(HasSubstr("label_dropout: the model has no null label")));
}

}  // namespace
}  // namespace diffbench::training
