// After prepare an evaluation neither copies from the host nor waits for the device: on the CPU, LibTorch's operators
// that would do so on a GPU are counted.
#include <ATen/ATen.h>
#include <ATen/record_function.h>
#include <gmock/gmock.h>

#include "methods/backbones/time_table.h"
#include "methods/registry.h"
#include "methods/sampling/guidance.h"
#include "methods/sampling/sampler.h"
#include "methods/solvers/solver_table.h"
#include "tests/methods/test_models.h"

namespace diffbench {
namespace {

using nlohmann::json;

// Names of the operators that move values between host and device: conversions (where a tensor made from the host's
// numbers changes its type or place), `to` with a device, and reading a number. Conversions of a single number do not
// count: the CPU's operators convert their scalars so, a GPU's take them as they are.
class TransferCounter {
 public:
  TransferCounter() {
    names().clear();
    handle_ = at::addThreadLocalCallback(at::RecordFunctionCallback([](const at::RecordFunction& call) {
                                           if (is_transfer(call)) {
                                             names().emplace_back(call.name());
                                           }
                                           return std::unique_ptr<at::ObserverContext>();
                                         })
                                             .needsInputs(true)
                                             .scopes({at::RecordScope::FUNCTION}));
  }
  ~TransferCounter() { at::removeCallback(handle_); }
  TransferCounter(const TransferCounter&) = delete;
  TransferCounter& operator=(const TransferCounter&) = delete;

  static std::vector<std::string>& names() {
    static std::vector<std::string> seen;
    return seen;
  }

 private:
  static bool is_transfer(const at::RecordFunction& call) {
    const std::string_view name = call.name();
    const auto inputs = call.inputs();
    if (name == "aten::_to_copy") {
      return inputs[0].toTensor().dim() > 0;
    }
    if (name == "aten::_local_scalar_dense" || name == "aten::item") {
      return true;
    }
    return name == "aten::to" &&
           std::any_of(inputs.begin(), inputs.end(), [](const c10::IValue& input) { return input.isDevice(); });
  }

  at::CallbackHandle handle_;
};

class SteadyState : public ::testing::Test {
 protected:
  SteadyState()
      : uvit_({.depth = 4}),
        shallow_({.depth = 2, .seed = 9}),
        model_(load_model(uvit_.path(), resolve_compute("cpu", "fp32"))),
        plan_(solvers::make_plan({.solver = "ddim", .steps = 4}, *model_->schedule)) {}

  std::unique_ptr<Denoiser> make(const std::shared_ptr<Model>& model, const std::string& method, const json& params) {
    const auto load = [&](const std::string& name) { return load_model(name, model->compute); };
    return methods::make_method(method, params, {.model = model, .load = load, .where = "test"});
  }

  // the transfers of every evaluation but the start of the trajectory
  std::vector<std::string> transfers(Denoiser& denoiser, const std::shared_ptr<Model>& model) {
    const Sampler sampler(plan_, *model);
    const std::vector<int64_t> samples{0, 1, 2, 3};
    const auto& network = model->network;
    PhiloxNoise noise(3, samples, {network.channels, network.image_size, network.image_size}, model->compute);
    const auto labels = default_labels(samples, network.classes, model->compute);
    auto trajectories = sampler.start(noise);
    denoiser.begin(samples);
    const TransferCounter counter;
    while (!sampler.is_finished(trajectories, 0)) {
      EvaluationTrace trace;
      sampler.advance(trajectories, denoiser, noise, labels, trace);
    }
    return TransferCounter::names();
  }

  testing_models::TemporaryModel uvit_;
  testing_models::TemporaryModel shallow_;
  std::shared_ptr<Model> model_;
  solvers::Plan plan_;
};

TEST_F(SteadyState, NoEvaluationOfAStaticPathCopiesFromTheHostOrWaits) {
  const std::vector<std::pair<std::string, json>> paths = {
      {"full", json::object()},
      {"null", json::object()},
      {"fixed_exit", {{"exit", 3}}},
      {"static_schedule", json::object()},
      {"duodiff", {{"shallow", shallow_.path()}, {"switch_t", 500}}},
      {"block_cache", {{"interval", 2}}},
      {"block_cache", {{"interval", 2}, {"keep", "deep"}}}};
  for (const auto& [method, params] : paths) {
    for (const double scale : {1.0, 2.0}) {
      const auto fresh = load_model(uvit_.path(), model_->compute);
      const auto denoiser = guide(make(fresh, method, params), {.scale = scale}, *fresh, "test");
      if (method != "null") {  // the counter sees what it is there for
        EXPECT_FALSE(transfers(*denoiser, fresh).empty()) << method;
      }
      denoiser->prepare({.rows = 4, .times = times_of(plan_)}, nullptr);
      EXPECT_THAT(transfers(*denoiser, fresh), ::testing::IsEmpty()) << method << " " << scale;
    }
  }
}

TEST_F(SteadyState, ADitIsPreparedToo) {
  for (const char* golden : {"dit_base", "dit_unconditional", "mlp_time_embed"}) {
    const auto model = load_model(std::string(DIFFBENCH_TESTS_DIR "/methods/backbones/goldens/") + golden,
                                  resolve_compute("cpu", "fp32"));
    const auto denoiser = make(model, "full", json::object());
    EXPECT_FALSE(transfers(*denoiser, model).empty()) << golden;
    denoiser->prepare({.rows = 4, .times = times_of(plan_)}, nullptr);
    EXPECT_THAT(transfers(*denoiser, model), ::testing::IsEmpty()) << golden;
  }
}

TEST_F(SteadyState, PreparedTimesChangeNoBit) {
  for (const char* golden : {"base", "mlp_time_embed", "time_unit", "dit_base", "dit_unconditional"}) {
    for (const char* precision : {"fp32", "bf16", "fp64"}) {
      const auto folder = std::string(DIFFBENCH_TESTS_DIR "/methods/backbones/goldens/") + golden;
      const auto plain = load_model(folder, resolve_compute("cpu", precision));
      const auto prepared = load_model(folder, resolve_compute("cpu", precision));
      prepared->network.backbone->prepare_times({999.0, 500.0, 250.25});
      const c10::InferenceMode inference;
      for (const std::vector<double>& t : {std::vector<double>{999.0},
                                           {500.0, 500.0, 500.0},
                                           {999.0, 999.0, 250.25},
                                           {500.0, 999.0, 500.0},
                                           {500.0, 123.0}}) {
        const auto rows = static_cast<int64_t>(t.size());
        at::manual_seed(4);
        const auto& network = plain->network;
        const auto x =
            at::randn({rows, network.channels, network.image_size, network.image_size}).to(plain->compute.state_dtype);
        const auto one = plain->network.backbone->embed(x, t, {});
        const auto two = prepared->network.backbone->embed(x, t, {});
        EXPECT_TRUE(at::equal(one.tokens, two.tokens)) << golden << " " << precision << " " << rows;
        if (one.condition.defined()) {
          EXPECT_TRUE(at::equal(one.condition, two.condition)) << golden << " " << precision << " " << rows;
        }
      }
    }
  }
}

// whatever the batch was in which a time was embedded before
TEST_F(SteadyState, ATimesEmbeddingDoesNotDependOnItsBatch) {
  std::vector<double> t;
  for (int i = 0; i < 67; ++i) {
    t.push_back(999.0 - 14.9 * i);
  }
  for (const int64_t width : {8, 31, 32, 128, 256}) {
    for (const auto type : {at::kFloat, at::kDouble, at::kBFloat16}) {
      const at::TensorOptions options(type);
      backbones::TimeTable table({}, width);
      const auto together = table.rows(t, options);
      table.prepare(t, options);
      EXPECT_TRUE(at::equal(table.rows(t, options), together)) << width << " " << type;
    }
  }
}

// a table of another number format than the network's is not used
TEST_F(SteadyState, ATableHoldsForItsTypeAlone) {
  backbones::TimeTable table({}, 16);
  table.prepare({5.0}, at::TensorOptions(at::kFloat));
  EXPECT_EQ(table.rows({5.0, 5.0}, at::TensorOptions(at::kDouble)).scalar_type(), at::kDouble);
}

}  // namespace
}  // namespace diffbench
