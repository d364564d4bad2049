// What networks predict, against closed forms: for data N(m, s^2) every prediction is known, each by a formula of its
// own, and so is the noise.
#include "methods/backbones/prediction.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "methods/config/input_error.h"
#include "methods/registry.h"
#include "methods/sampling/as_eps.h"
#include "methods/sampling/sampler.h"
#include "methods/solvers/solver_table.h"
#include "tests/methods/solvers/gaussian_data.h"
#include "tests/methods/test_heads.h"
#include "tests/methods/test_models.h"

namespace diffbench {
namespace {

using backbones::Prediction;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr Prediction kAll[] = {Prediction::kEps, Prediction::kX0, Prediction::kV, Prediction::kPrevious};

// E[what is predicted | x at t] where the data are N(kMean, kDeviation^2)
double exact_prediction(Prediction prediction, const solvers::NoiseSchedule& schedule, double x, double t) {
  using solvers::kDeviation;
  using solvers::kMean;
  const double alpha = schedule.alpha(t);
  const double sigma = schedule.sigma(t);
  const double variance = alpha * alpha * kDeviation * kDeviation + sigma * sigma;
  const double away = x - alpha * kMean;
  const double x0 = kMean + alpha * kDeviation * kDeviation / variance * away;
  const double eps = sigma / variance * away;
  if (prediction == Prediction::kEps) return eps;
  if (prediction == Prediction::kX0) return x0;
  if (prediction == Prediction::kV) return alpha * eps - sigma * x0;
  // x at t is a x at t - 1 and independent noise, so their covariance is a times the variance at t - 1
  const double alpha_before = t == 0.0 ? 1.0 : schedule.alpha(t - 1.0);
  const double sigma_before = t == 0.0 ? 0.0 : schedule.sigma(t - 1.0);
  const double variance_before = std::pow(alpha_before * kDeviation, 2) + sigma_before * sigma_before;
  return alpha_before * kMean + alpha / alpha_before * variance_before / variance * away;
}

// the perfect network of the given kind
class ExactNetwork : public Denoiser {
 public:
  ExactNetwork(Prediction prediction, std::shared_ptr<const solvers::NoiseSchedule> schedule, bool learned_sigma)
      : prediction_(prediction), schedule_(std::move(schedule)), learned_sigma_(learned_sigma) {}

  at::Tensor predict(const Batch& batch, EvaluationTrace&) override {
    auto output = at::empty_like(batch.x);
    const auto per_row = batch.x.numel() / batch.x.size(0);
    const auto x = batch.x.contiguous();
    for (int64_t i = 0; i < x.numel(); ++i) {
      output.data_ptr<double>()[i] = exact_prediction(prediction_, *schedule_, x.const_data_ptr<double>()[i],
                                                      batch.t[static_cast<size_t>(i / per_row)]);
    }
    return learned_sigma_ ? at::cat({output, at::full_like(output, 0.25)}, 1) : output;
  }

 private:
  Prediction prediction_;
  std::shared_ptr<const solvers::NoiseSchedule> schedule_;
  bool learned_sigma_;
};

Model model_of(Prediction prediction, const solvers::NoiseScheduleSpec& noise, bool learned_sigma = false) {
  Model model;
  model.schedule = std::make_shared<solvers::NoiseSchedule>(noise);
  model.network.prediction = prediction;
  model.network.learned_sigma = learned_sigma;
  model.network.image_size = 2;
  model.compute = resolve_compute("cpu", "fp64");
  return model;
}

TEST(Prediction, OfEveryKindHoldsTheNoise) {
  for (const char* kind : {"linear", "cosine", "vp_continuous"}) {
    const solvers::NoiseSchedule schedule({.kind = kind});
    const auto times = schedule.is_continuous() ? std::vector<double>{0.001, 0.3, 1.0}
                                                : std::vector<double>{0.0, 1.0, 10.25, 500.0, 998.5, 999.0};
    for (const auto prediction : kAll) {
      if (prediction == Prediction::kPrevious && schedule.is_continuous()) continue;
      for (const double t : times) {
        for (const double x : {-1.7, 0.2}) {
          const auto form = backbones::eps_form(prediction, schedule, t);
          const double eps = form.output * exact_prediction(prediction, schedule, x, t) + form.input * x;
          EXPECT_NEAR(eps, solvers::gaussian_eps(schedule, {x}, t)[0], 1e-10)
              << kind << " " << static_cast<int>(prediction) << " " << t;
        }
      }
    }
  }
}

// every solver, with rows of one time and of several
TEST(Prediction, SamplesAreThoseOfEps) {
  const std::vector<int64_t> samples{0, 1, 2};
  for (const auto& entry : solvers::solver_table()) {
    const bool continuous = entry.grids.empty();
    const auto& grids = continuous ? entry.continuous_grids : entry.grids;
    const solvers::NoiseScheduleSpec noise{.kind = continuous ? "vp_continuous" : "linear"};
    at::Tensor of_eps;
    for (const auto prediction : kAll) {
      if (prediction == Prediction::kPrevious && continuous) continue;
      const auto model = model_of(prediction, noise);
      const Sampler sampler(
          solvers::make_plan({.solver = entry.name, .grid = grids.back(), .steps = 10}, *model.schedule), model);
      PhiloxNoise draws(3, samples, {1, 2, 2}, model.compute);
      const auto denoiser = as_eps(std::make_unique<ExactNetwork>(prediction, model.schedule, false), model);
      Trace trace;
      const auto x = sampler.run(*denoiser, draws, {}, trace);
      if (!of_eps.defined()) of_eps = x;
      EXPECT_LT((x - of_eps).abs().max().item<double>(), 1e-8) << entry.name << " " << static_cast<int>(prediction);
    }
  }
}

TEST(Prediction, RowsAtDifferentTimesAndLearnedSigma) {
  const std::vector<double> t{3.0, 700.0};
  const auto x = at::randn({2, 1, 2, 2}, at::TensorOptions(at::kDouble));
  EvaluationTrace trace;
  const Batch batch{x, t, {}, numbered_members(2)};
  const auto expected =
      ExactNetwork(Prediction::kEps, model_of(Prediction::kEps, {}).schedule, true).predict(batch, trace);
  for (const auto prediction : {Prediction::kX0, Prediction::kV, Prediction::kPrevious}) {
    const auto model = model_of(prediction, {}, true);
    const auto eps_and_v =
        as_eps(std::make_unique<ExactNetwork>(prediction, model.schedule, true), model)->predict(batch, trace);
    ASSERT_EQ(eps_and_v.sizes(), expected.sizes());
    EXPECT_LT((eps_and_v - expected).abs().max().item<double>(), 1e-10);
  }
}

// one file of weights under two names of what they predict
TEST(Prediction, IsReadFromModelToml) {
  const testing_models::TemporaryModel of_eps({});
  const testing_models::TemporaryModel of_v({.more = "prediction = \"v\"\n"});  // the same seed, the same weights
  const auto x = at::randn({1, 1, 8, 8}, at::TensorOptions(at::kDouble));
  const auto predict = [&](const std::string& path) {
    const auto model = load_model(path, resolve_compute("cpu", "fp64"));
    EvaluationTrace trace;
    return methods::make_method("full", nlohmann::json::object(), {.model = model, .load = {}, .where = "test"})
        ->predict({x, {400.0}, at::zeros({1}, at::TensorOptions(at::kLong)), numbered_members(1)}, trace);
  };
  const solvers::NoiseSchedule schedule({});
  const auto expected = schedule.alpha(400.0) * predict(of_eps.path()) + schedule.sigma(400.0) * x;
  EXPECT_LT((predict(of_v.path()) - expected).abs().max().item<double>(), 1e-12);

  const auto refused = [](const std::string& more, const std::string& kind) {
    auto text = testing_models::tiny_toml({.more = more});
    text.replace(text.find("linear"), 6, kind);
    const auto toml = config::TomlTable::parse(text, "m.toml");
    backbones::make_backbone(toml.table("backbone"), read_noise_schedule(toml.table("noise")));
  };
  EXPECT_THAT([&] { refused("prediction = \"x_0\"\n", "linear"); },
              ThrowsMessage<config::InputError>(HasSubstr("prediction: unknown prediction 'x_0'")));
  EXPECT_THAT([&] { refused("prediction = \"previous\"\n", "vp_continuous"); },
              ThrowsMessage<config::InputError>(HasSubstr("needs a discrete schedule")));
}

// two networks of one trajectory, converted once around both
TEST(Prediction, OfBothNetworksOfDuoDiffIsOne) {
  const testing_models::TemporaryModel deep({.more = "prediction = \"x0\"\n"});
  const testing_models::TemporaryModel shallow({.depth = 2, .more = "prediction = \"x0\"\n"});
  const testing_models::TemporaryModel stranger({.depth = 2});
  const auto compute = resolve_compute("cpu", "fp64");
  const auto model = load_model(deep.path(), compute);
  const auto duodiff = [&](const std::string& path) {
    return methods::make_method(
        "duodiff", {{"shallow", path}},
        {.model = model, .load = [&](const std::string& name) { return load_model(name, compute); }, .where = "test"});
  };
  const auto labels = at::zeros({1}, at::TensorOptions(at::kLong));
  const auto x = at::randn({1, 1, 8, 8}, at::TensorOptions(at::kDouble));
  EvaluationTrace trace;
  const Batch batch{x, {800.0}, labels, numbered_members(1)};
  const auto alone = methods::make_method("full", nlohmann::json::object(),
                                          {.model = load_model(shallow.path(), compute), .load = {}, .where = "test"});
  EXPECT_TRUE(at::equal(duodiff(shallow.path())->predict(batch, trace), alone->predict(batch, trace)));
  EXPECT_THAT([&] { duodiff(stranger.path()); }, ThrowsMessage<config::InputError>(HasSubstr("or prediction")));
}

// nor by methods that have another inside them
TEST(Prediction, BecomesEpsOnceWhateverTheMethod) {
  const testing_models::TemporaryModel files({.more = "prediction = \"v\"\n"});
  const auto model = load_model(files.path(), resolve_compute("cpu", "fp64"));
  testing_models::write_random_heads(*model);
  const auto load = [&](const std::string& name) { return load_model(name, model->compute); };
  const auto x = at::randn({2, 1, 8, 8}, at::TensorOptions(at::kDouble));
  const auto predict = [&](const std::string& method, const nlohmann::json& params) {
    EvaluationTrace trace;
    return methods::make_method(method, params, {.model = model, .load = load, .where = "test"})
        ->predict({x, {400.0, 90.0}, at::zeros({2}, at::TensorOptions(at::kLong)), numbered_members(2)}, trace);
  };
  const auto expected = predict("full", nlohmann::json::object());
  for (const auto& entry : methods::method_table()) {
    auto given = nlohmann::json::object();
    if (entry.name == "duodiff") given["shallow"] = files.path();
    if (const auto params = entry.never_skip(given, *model)) {
      EXPECT_LT((predict(entry.name, *params) - expected).abs().max().item<double>(), 1e-10) << entry.name;
    }
  }
}

}  // namespace
}  // namespace diffbench
