// What the network is trained to give.
#include "methods/training/denoising.h"

#include <gmock/gmock.h>

#include "methods/config/input_error.h"
#include "methods/data/safetensors.h"
#include "methods/model/tensors.h"
#include "methods/training/variational_bound.h"
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

// against DiT's own code (make_goldens.py)
TEST(VariationalBound, EqualsDiTs) {
  auto golden = data::read_safetensors(DIFFBENCH_TESTS_DIR "/methods/training/goldens/variational_bound.safetensors");
  const auto get = [&](const std::string& name) { return to_tensor(golden.at(name)); };
  const auto times = get("t");
  const auto bits = variational_bound(solvers::NoiseSchedule({}),
                                      {get("x0"),
                                       get("x"),
                                       get("eps"),
                                       get("v"),
                                       {times.data_ptr<double>(), times.data_ptr<double>() + times.numel()}});
  const auto expected = get("bits");
  EXPECT_LT(((bits - expected) / expected).abs().max().item<double>(), 2e-4) << bits << expected;
}

// the bound moves v alone, and the mean square moves eps alone
TEST_F(DenoisingTest, LearnedSigmaAddsTheBound) {
  std::ofstream(folder_.path() / "model.toml")
      << "[backbone]\nkind = \"dit\"\nimage_size = 8\nchannels = 1\npatch_size = 4\nwidth = 16\ndepth = 1\nheads = 2\n"
         "learned_sigma = true\n[noise]\nschedule = \"linear\"\n[weights]\nfile = \"weights.safetensors\"\n";
  Denoising denoising(recipe());
  const auto batch = denoising.batch(0);
  const auto eps = at::randn_like(batch.x).requires_grad_();
  const auto v = at::randn_like(batch.x).requires_grad_();
  const auto loss = denoising.loss(at::cat({eps, v}, 1), batch);
  loss.backward();
  const auto bits = variational_bound(denoising.schedule(), {batch.images, batch.x, eps.detach(), v.detach(), batch.t});
  const auto square = at::mse_loss(eps.detach(), batch.target);
  EXPECT_NEAR(loss.item<double>(), (square + bits.mean()).item<double>(), 1e-4);
  EXPECT_LT((eps.grad() - 2.0 * (eps.detach() - batch.target) / batch.x.numel()).abs().max().item<double>(), 1e-6);
  EXPECT_GT(v.grad().abs().max().item<double>(), 0.0);
}

TEST_F(DenoisingTest, ContinuousTimesAreInTheSchedule) {
  auto text =
      testing_models::tiny_toml({.depth = 2, .width = 16, .classes = 0, .more = "time_input = \"uvit_continuous\"\n"});
  text.replace(text.find("linear"), 6, "vp_continuous");
  std::ofstream(folder_.path() / "model.toml") << text;
  Denoising denoising(recipe());
  const auto batch = denoising.batch(0);
  const auto& schedule = denoising.schedule();
  for (size_t row = 0; row < batch.t.size(); ++row) {
    EXPECT_TRUE(batch.t[row] > 0.0 && batch.t[row] <= 1.0);
    const auto i = static_cast<int64_t>(row);
    const auto expected =
        schedule.alpha(batch.t[row]) * batch.images[i] + schedule.sigma(batch.t[row]) * batch.target[i];
    EXPECT_LT((batch.x[i] - expected).abs().max().item<double>(), 1e-5);
  }
  EXPECT_NE(batch.t, denoising.batch(1).t);
}

TEST_F(DenoisingTest, AFrozenTimeEmbedderStays) {
  write_recipe("freeze_time_embedder = true\n");
  EXPECT_THAT([&] { Denoising{recipe()}; },
              ThrowsMessage<config::InputError>(HasSubstr("the network's time embedder has no weights")));
  write_model("mlp_time_embed = true\n");
  const Recipe own = recipe();
  const auto task = make_task(own);
  EXPECT_FALSE(task->parameters().contains("time_embed.0.weight"));
  EXPECT_TRUE(task->parameters().contains("pos_embed"));
  task->loss(0).backward();  // what is left learns
  EXPECT_TRUE(task->parameters().at("pos_embed").grad().defined());
}

TEST_F(DenoisingTest, DroppedLabelsNeedANullLabel) {
  write_model("null_label = false\n", 3);
  Denoising(recipe()).batch(0);
  write_recipe("label_dropout = 0.1\n");
  EXPECT_THAT([&] { Denoising{recipe()}; },
              ThrowsMessage<config::InputError>(HasSubstr("label_dropout: the model has no null label")));
}

}  // namespace
}  // namespace diffbench::training
