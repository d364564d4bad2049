// Text-to-image: the features of a text in place of labels.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "methods/config/input_error.h"
#include "methods/registry.h"
#include "methods/sampling/guidance.h"
#include "methods/sampling/sampler.h"
#include "methods/solvers/solver_table.h"
#include "tests/methods/test_heads.h"
#include "tests/methods/test_models.h"

namespace diffbench {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class TextTest : public ::testing::Test {
 protected:
  TextTest() {
    at::manual_seed(8);
    x_ = at::randn({3, 1, 8, 8}, at::TensorOptions(at::kDouble));
    context_ = at::randn({3, 3, 5}, at::TensorOptions(at::kDouble));
    null_ = at::randn({3, 5}, at::TensorOptions(at::kDouble));
  }

  std::unique_ptr<Denoiser> make(const std::string& method, const nlohmann::json& params) const {
    return methods::make_method(method, params, {.model = model_, .load = {}, .where = "test"});
  }
  std::unique_ptr<Denoiser> full() const { return make("full", nlohmann::json::object()); }
  at::Tensor predict(Denoiser& denoiser, const at::Tensor& context) const {
    EvaluationTrace trace;
    return denoiser.predict({x_, std::vector<double>(3, 500.0), {}, numbered_members(3), context}, trace);
  }

  // a copy, which gates are written beside
  static std::string copied_to(const std::filesystem::path& folder) {
    std::filesystem::copy(DIFFBENCH_TESTS_DIR "/methods/backbones/goldens/context", folder);
    return folder.string();
  }

  testing_models::TemporaryFolder folder_;
  std::shared_ptr<Model> model_ = load_model(copied_to(folder_.path()), resolve_compute("cpu", "fp64"));
  at::Tensor x_;
  at::Tensor context_;
  at::Tensor null_;
};

TEST_F(TextTest, GuidanceIsTheExtrapolationFromTheEmptyText) {
  const auto with_text = predict(*full(), context_);
  const auto empty = predict(*full(), null_.expand({3, 3, 5}));
  EXPECT_GT((with_text - empty).abs().max().item<double>(), 1e-3);
  const auto guided = predict(*guide(full(), {.scale = 2.0, .null_context = null_}, *model_, "test"), context_);
  EXPECT_LT((guided - (empty + 2.0 * (with_text - empty))).abs().max().item<double>(), 1e-10);
  EXPECT_THAT([&] { guide(full(), {.scale = 2.0}, *model_, "--guidance"); },
              ThrowsMessage<config::InputError>(HasSubstr("needs the features of an empty text")));
}

TEST_F(TextTest, EachSampleHasItsOwn) {
  const Sampler sampler(solvers::make_plan({.solver = "ddim", .grid = "trailing", .steps = 3}, *model_->schedule),
                        *model_);
  const auto sample = [&](const std::vector<int64_t>& rows) {
    PhiloxNoise noise(1, rows, {1, 8, 8}, model_->compute);
    Prompt prompt;
    prompt.context = context_.index_select(0, row_index(rows, at::kCPU));
    Trace trace;
    // rows that leave at different times go through Batch::select and compaction
    return sampler.run(*make("static_schedule", {{"depths", {5, 3}}}), noise, prompt, trace);
  };
  const auto all = sample({0, 1, 2});
  EXPECT_LT((sample({2})[0] - all[2]).abs().max().item<double>(), 1e-12);
  const Batch batch{x_, {1.0, 2.0, 3.0}, {}, numbered_members(3), context_};
  EXPECT_TRUE(at::equal(batch.select({2, 0}).context, at::stack({context_[2], context_[0]})));
}

TEST_F(TextTest, EveryMethodReadsTheTextAndNobodyRunsOnAnEmptyOneUnasked) {
  testing_models::write_random_heads(*model_);
  const auto expected = predict(*full(), context_);
  int compared = 0;
  for (const auto& entry : methods::method_table()) {
    if (entry.name == "duodiff") continue;  // of two networks
    const auto params = entry.never_skip(nlohmann::json::object(), *model_);
    if (!params) continue;
    EXPECT_LT((predict(*make(entry.name, *params), context_) - expected).abs().max().item<double>(), 1e-10)
        << entry.name;
    EXPECT_THAT([&] { predict(*make(entry.name, *params), {}); },
                ThrowsMessage<config::InputError>(HasSubstr("text-to-image")))
        << entry.name;
    ++compared;
  }
  EXPECT_GT(compared, 12);
}

}  // namespace
}  // namespace diffbench
