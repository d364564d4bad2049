#include "methods/model/model.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "methods/config/input_error.h"
#include "methods/data/safetensors.h"
#include "methods/model/tensors.h"
#include "methods/registry.h"
#include "tests/methods/test_models.h"

namespace diffbench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using testing_models::TemporaryModel;

const Compute kCpu = resolve_compute("cpu", "fp32");

TEST(Model, EveryMismatchOfTheWeightsIsListed) {
  const TemporaryModel files({.depth = 2});
  const std::string weights = files.path() + "/weights.safetensors";
  auto tensors = data::read_safetensors(weights);
  tensors.erase("norm.weight");
  tensors["stranger"] = data::RawTensor::make(data::DType::f32, {2});
  tensors["norm.bias"] = data::RawTensor::make(data::DType::f32, {5});
  data::write_safetensors(weights, tensors);
  EXPECT_THAT([&] { load_model(files.path(), kCpu); },
              ThrowsMessage<config::InputError>(AllOf(HasSubstr(weights), HasSubstr("missing: norm.weight"),
                                                      HasSubstr("surplus: stranger"),
                                                      HasSubstr("norm.bias is [5] instead of [32]"))));
}

TEST(Model, MistakesInModelTomlNameTheLine) {
  const auto error_of = [](std::string from, const std::string& to) {
    const TemporaryModel files({});
    auto text = testing_models::tiny_toml({});
    text.replace(text.find(from), from.size(), to);
    std::ofstream(files.path() + "/model.toml") << text;
    try {
      load_model(files.path(), kCpu);
    } catch (const config::InputError& error) {
      return std::string(error.what()).substr(files.path().size());
    }
    return std::string("no error");
  };
  EXPECT_THAT(error_of("heads = 2", "heads = 3"), HasSubstr("model.toml:8: [backbone] heads: must divide width"));
  EXPECT_THAT(error_of("depth = 4", "depth = 3"), HasSubstr("model.toml:7: [backbone] depth: must be even"));
  EXPECT_THAT(error_of("\"uvit\"", "\"uvitt\""), HasSubstr("did you mean 'uvit'?"));
  EXPECT_THAT(error_of("width", "widht"),
              HasSubstr("model.toml:6: [backbone] widht: unknown key 'widht'; did you mean 'width'?"));
  EXPECT_THAT(error_of("[weights]", "[image]\nrnage = [0,1]\n[weights]"), HasSubstr("did you mean 'range'?"));
  EXPECT_THAT(error_of("\"linear\"", "\"liner\""), HasSubstr("did you mean 'linear'?"));
  EXPECT_THAT(error_of("weights.safetensors", "gone.safetensors"), HasSubstr("no such file"));
}

TEST(Model, AnUnknownNameListsTheZoo) {
  EXPECT_THAT([] { load_model("fashion_mnits", kCpu); },
              ThrowsMessage<config::InputError>(HasSubstr("the zoo has: fashion_mnist")));
}

TEST(Model, Uint8FollowsTheContract) {
  const auto bytes = to_uint8(at::tensor({-1.5F, -1.0F, 0.0F, 0.5F, 1.0F, 2.0F}), {});
  EXPECT_TRUE(at::equal(bytes, at::tensor({0, 0, 128, 191, 255, 255}).to(at::kByte)));
}

TEST(Methods, TableIsSoundAndBadParametersAreNamed) {
  std::set<std::string> names;
  for (const auto& entry : methods::method_table()) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_FALSE(entry.summary.empty() || entry.source.empty() || entry.needs.empty()) << entry.name;
  }
  const TemporaryModel files({});
  const methods::MethodContext context{.model = load_model(files.path(), kCpu), .load = {}, .where = "suite.toml:3"};
  const auto error = [&](const std::string& name, const nlohmann::json& params, const std::string& text) {
    EXPECT_THAT([&] { methods::make_method(name, params, context); },
                ThrowsMessage<config::InputError>(AllOf(HasSubstr("suite.toml:3"), HasSubstr(text))));
  };
  error("ful", nlohmann::json::object(), "did you mean 'full'?");
  error("fixed_exit", nlohmann::json::object(), "exit");
  error("fixed_exit", {{"exit", 6}}, "more than the 5 blocks");
  error("fixed_exit", {{"exti", 3}}, "did you mean 'exit'?");
  error("static_schedule", {{"depths", {2}}}, "2 is not 3 to 5");
}

}  // namespace
}  // namespace diffbench
