// Classifier-free guidance: what it computes, where it acts, and which rows leave together.
#include "methods/sampling/guidance.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "methods/config/input_error.h"
#include "methods/exits/early_exit_denoiser.h"
#include "methods/registry.h"
#include "tests/methods/test_models.h"

namespace diffbench {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class GuidanceTest : public ::testing::Test {
 protected:
  GuidanceTest() : model_(load_model(files_.path(), resolve_compute("cpu", "fp64"))) {
    at::manual_seed(4);
    x_ = at::randn({3, 1, 8, 8}, at::TensorOptions(at::kDouble));
  }

  std::unique_ptr<Denoiser> full() const {
    return methods::make_method("full", nlohmann::json::object(), {.model = model_, .load = {}, .where = "test"});
  }
  at::Tensor plain(const at::Tensor& labels, const std::vector<double>& t) const {
    EvaluationTrace trace;
    return full()->predict({x_, t, labels, numbered_members(3)}, trace);
  }

  testing_models::TemporaryModel files_{{}};
  std::shared_ptr<Model> model_;
  at::Tensor x_;
  at::Tensor labels_ = at::tensor({0, 1, 2}, at::TensorOptions(at::kLong));
  at::Tensor null_labels_ = at::full({3}, 3, at::TensorOptions(at::kLong));  // index `classes`
};

TEST_F(GuidanceTest, IsTheExtrapolationFromTheNullLabel) {
  const std::vector<double> t(3, 500.0);
  const auto guided = guide(full(), {.scale = 2.5}, *model_, "--guidance");
  EvaluationTrace trace;
  const auto eps = guided->predict({x_, t, labels_, numbered_members(3)}, trace);
  const auto null_eps = plain(null_labels_, t);
  const auto expected = null_eps + 2.5 * (plain(labels_, t) - null_eps);
  EXPECT_LT((eps - expected).abs().max().item<double>(), 1e-10);
  EXPECT_EQ(trace.rows, 6);
}

// DiT's forward_with_cfg, line by line: eps of the first channels, the rest as the labelled half has it
TEST_F(GuidanceTest, ActsOnTheFirstChannelsOnly) {
  const auto model =
      load_model(DIFFBENCH_TESTS_DIR "/methods/backbones/goldens/dit_base", resolve_compute("cpu", "fp64"));
  const auto method = [&] {
    return methods::make_method("full", nlohmann::json::object(), {.model = model, .load = {}, .where = "test"});
  };
  const auto x = at::randn({3, 2, 8, 8}, at::TensorOptions(at::kDouble));
  const std::vector<double> t(3, 500.0);
  const auto predict = [&](Denoiser& denoiser, const at::Tensor& labels) {
    EvaluationTrace trace;
    return denoiser.predict({x, t, labels, numbered_members(3)}, trace);
  };
  const auto cond = predict(*method(), labels_);
  const auto uncond = predict(*method(), at::full({3}, 10, at::TensorOptions(at::kLong)));
  for (const int64_t channels : {0, 1}) {
    model->network.guidance_channels = channels;
    const int64_t guided = channels == 0 ? 2 : channels;
    const auto cond_eps = cond.narrow(1, 0, guided);
    const auto uncond_eps = uncond.narrow(1, 0, guided);
    const auto expected = at::cat({uncond_eps + 4.0 * (cond_eps - uncond_eps), cond.narrow(1, guided, 4 - guided)}, 1);
    EXPECT_LT(
        (predict(*guide(method(), {.scale = 4.0}, *model, "test"), labels_) - expected).abs().max().item<double>(),
        1e-12)
        << channels;
  }
}

TEST_F(GuidanceTest, ScaleOneIsTheMethodItself) {
  auto method = full();
  const auto* address = method.get();
  EXPECT_EQ(guide(std::move(method), {}, *model_, "--guidance").get(), address);
}

// rows at different times: only those within the interval are guided
TEST_F(GuidanceTest, ActsInItsIntervalOnly) {
  const std::vector<double> t{100.0, 500.0, 900.0};
  const auto guided = guide(full(), {.scale = 3.0, .from_t = 400.0, .to_t = 600.0}, *model_, "--guidance");
  EvaluationTrace trace;
  const auto eps = guided->predict({x_, t, labels_, numbered_members(3)}, trace);
  const auto with_label = plain(labels_, t);
  const auto null_eps = plain(null_labels_, t);
  const auto expected = (null_eps + 3.0 * (with_label - null_eps))[1];
  EXPECT_LT((eps[0] - with_label[0]).abs().max().item<double>(), 1e-10);
  EXPECT_LT((eps[1] - expected).abs().max().item<double>(), 1e-10);
  EXPECT_LT((eps[2] - with_label[2]).abs().max().item<double>(), 1e-10);
  EXPECT_EQ(trace.rows, 4);
}

TEST_F(GuidanceTest, MistakesAreNamed) {
  const testing_models::TemporaryModel unconditional({.classes = 0});
  const auto model = load_model(unconditional.path(), resolve_compute("cpu", "fp32"));
  EXPECT_THAT([&] { guide(full(), {.scale = 2.0}, *model, "--guidance"); },
              ThrowsMessage<config::InputError>(HasSubstr("unconditional")));
  EXPECT_THAT([&] { guide(full(), {.scale = NAN}, *model_, "--guidance"); },
              ThrowsMessage<config::InputError>(HasSubstr("--guidance: the scale must be finite")));
  const testing_models::TemporaryModel without_null({.more = "null_label = false\n"});
  const auto classes_only = load_model(without_null.path(), resolve_compute("cpu", "fp32"));
  EXPECT_THAT([&] { guide(full(), {.scale = 2.0}, *classes_only, "--guidance"); },
              ThrowsMessage<config::InputError>(HasSubstr("has no null label (null_label = false)")));
  Guidance guidance;
  EXPECT_THAT(
      [&] {
        set_interval(guidance, {600.0, 400.0}, "--guidance-interval");
      },
      ThrowsMessage<config::InputError>(HasSubstr("the smaller first")));
}

// lets chosen rows leave after the first block, by their place in the batch
class LeaveFirst : public exits::ExitPolicy {
 public:
  explicit LeaveFirst(std::vector<bool> leaves) : leaves_(std::move(leaves)) {}
  exits::RowMask decide(int block, const backbones::Hidden&, const exits::Rows&) override {
    return block == 0 ? exits::RowMask::from(leaves_) : exits::RowMask::none();
  }

 private:
  std::vector<bool> leaves_;
};

TEST_F(GuidanceTest, HalvesLeaveTogetherOrEachByItself) {
  const std::vector<double> t(3, 500.0);
  const std::vector<bool> wants{true, true, false, /* null halves: */ true, false, false};
  const auto left_early = [&](bool joint) {
    auto method =
        std::make_unique<exits::EarlyExitDenoiser>(model_->network.backbone, std::make_unique<LeaveFirst>(wants));
    const auto guided = guide(std::move(method), {.scale = 2.0, .joint_exits = joint}, *model_, "--guidance");
    EvaluationTrace trace;
    guided->predict({x_, t, labels_, numbered_members(3)}, trace);
    return trace.exit_count.at(1);
  };
  EXPECT_EQ(left_early(true), 2);   // sample 0 with both its halves
  EXPECT_EQ(left_early(false), 3);  // and the labelled half of sample 1
}

}  // namespace
}  // namespace diffbench
