// The mean depth is the one asked for, and a sample's depths are its own.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cmath>
#include <numeric>

#include "methods/config/input_error.h"
#include "methods/registry.h"
#include "tests/methods/test_models.h"

namespace diffbench {
namespace {

class RandomExit : public ::testing::Test {
 protected:
  RandomExit() : files_({.depth = 4, .width = 8}), model_(load_model(files_.path(), resolve_compute("cpu", "fp32"))) {}

  EvaluationTrace predict(const nlohmann::json& params, const std::vector<int64_t>& samples) {
    const auto denoiser = methods::make_method("random_exit", params, {.model = model_, .load = {}, .where = "test"});
    const c10::InferenceMode inference;
    denoiser->begin(samples);
    EvaluationTrace trace;
    const auto rows = static_cast<int64_t>(samples.size());
    denoiser->predict({at::zeros({rows, 1, 8, 8}), std::vector<double>(samples.size(), 5.0), {}, members_of(samples)},
                      trace);
    return trace;
  }

  testing_models::TemporaryModel files_;
  std::shared_ptr<Model> model_;
};

TEST_F(RandomExit, MeanDepthIsTheOneAskedFor) {
  std::vector<int64_t> samples(4000);
  std::iota(samples.begin(), samples.end(), int64_t{0});
  for (const double mean : {1.0, 1.7, 3.0, 4.2, 5.0}) {
    const auto trace = predict({{"mean_depth", mean}}, samples);
    double sum = 0.0;
    for (size_t depth = 0; depth < trace.exit_count.size(); ++depth) {
      sum += static_cast<double>(depth) * static_cast<double>(trace.exit_count[depth]);
    }
    // four standard errors: the standard deviation of a depth is at most sqrt(2)
    EXPECT_NEAR(sum / 4000.0, mean, 4 * 1.42 / std::sqrt(4000.0)) << mean;
  }
}

TEST_F(RandomExit, ASampleDrawsItsDepthWhateverItsBatch) {
  const auto together = predict({{"mean_depth", 3.0}}, {0, 1, 2, 3, 4, 5, 6, 7});
  std::vector<int64_t> sum(together.exit_count.size(), 0);
  for (int64_t sample = 0; sample < 8; ++sample) {
    const auto alone = predict({{"mean_depth", 3.0}}, {sample}).exit_count;
    std::transform(sum.begin(), sum.end(), alone.begin(), sum.begin(), std::plus<>());
  }
  EXPECT_EQ(sum, together.exit_count);
  EXPECT_NE(predict({{"mean_depth", 3.0}, {"seed", 1}}, {0, 1, 2, 3, 4, 5, 6, 7}).exit_count, together.exit_count);
}

TEST_F(RandomExit, MoreThanAllBlocksIsAnError) {
  EXPECT_THROW(predict({{"mean_depth", 5.5}}, {0}), config::InputError);
}

}  // namespace
}  // namespace diffbench
