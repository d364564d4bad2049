#include "methods/config/param_spec.h"

#include <gmock/gmock.h>

#include <functional>

#include "methods/config/input_error.h"

namespace diffbench::config {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

std::vector<ParamSpec> specs() {
  return {
      {.name = "eta",
       .type = ParamType::kNumber,
       .default_value = 0.0,
       .description = "noise",
       .minimum = 0,
       .maximum = 1},
      {.name = "order", .type = ParamType::kInteger, .default_value = 2, .description = "order", .minimum = 1},
      {.name = "ode", .type = ParamType::kBool, .default_value = false, .description = "flow"},
      {.name = "variance",
       .type = ParamType::kString,
       .default_value = "small",
       .description = "variance",
       .choices = {"small", "large"}},
      {.name = "exits",
       .type = ParamType::kIntegerList,
       .default_value = json::array({3, 5}),
       .description = "exits",
       .minimum = 1},
      {.name = "bounds", .type = ParamType::kNumberList, .default_value = json::array({0.5}), .description = "bounds"},
  };
}

std::string resolve_error(const json& given) {
  return error_of([&] { resolve_params(given, specs(), "s.toml:4"); });
}

TEST(ParamSpec, FillsDefaultsAndWidensIntegers) {
  const auto params = resolve_params({{"eta", 1}, {"bounds", {1, 2}}}, specs(), "s.toml:4");
  EXPECT_EQ(params.size(), 6u);
  EXPECT_TRUE(params["eta"].is_number_float());
  EXPECT_EQ(params["eta"], 1.0);
  EXPECT_EQ(params["order"], 2);
  EXPECT_EQ(params["variance"], "small");
  EXPECT_EQ(params["exits"], json({3, 5}));
  EXPECT_EQ(params["bounds"].get<std::vector<double>>(), (std::vector<double>{1.0, 2.0}));
  EXPECT_EQ(resolve_params(nullptr, specs(), "s"), resolve_params(json::object(), specs(), "s"));
}

TEST(ParamSpec, NamesTheNearestKey) {
  const auto message = resolve_error({{"etta", 1}});
  EXPECT_THAT(message, StartsWith("s.toml:4: etta: "));
  EXPECT_THAT(message, HasSubstr("did you mean 'eta'"));
}

TEST(ParamSpec, RefusesWrongTypesRangesAndChoices) {
  EXPECT_THAT(resolve_error({{"eta", "a"}}), HasSubstr("eta: expected number, got \"a\""));
  EXPECT_THAT(resolve_error({{"order", 1.5}}), HasSubstr("order: expected integer"));
  EXPECT_THAT(resolve_error({{"order", 18446744073709551615ull}}), HasSubstr("order: expected integer"));
  EXPECT_THAT(resolve_error({{"ode", 1}}), HasSubstr("ode: expected bool"));
  EXPECT_THAT(resolve_error({{"exits", {1, "x"}}}), HasSubstr("exits: expected integers"));
  EXPECT_THAT(resolve_error({{"exits", {1, 0}}}), HasSubstr("exits: must be at least 1, got 0"));
  EXPECT_THAT(resolve_error({{"eta", -0.1}}), HasSubstr("eta: must be at least 0, got -0.1"));
  EXPECT_THAT(resolve_error({{"eta", 1.5}}), HasSubstr("eta: must be at most 1"));
  EXPECT_THAT(resolve_error({{"eta", std::numeric_limits<double>::infinity()}}), HasSubstr("expected number"));
  EXPECT_THAT(resolve_error({{"variance", "larg"}}), HasSubstr("did you mean 'large'"));
  EXPECT_THAT(resolve_error(json::array({1})), HasSubstr("must be a table"));
}

TEST(ParamSpec, RequiredWithoutDefault) {
  const std::vector<ParamSpec> required = {
      {.name = "model", .type = ParamType::kString, .default_value = nullptr, .description = "a model folder"}};
  EXPECT_THAT(error_of([&] { resolve_params(json::object(), required, "--param"); }),
              HasSubstr("--param: model: required (string): a model folder"));
}

TEST(ParamSpec, ATableIsAnObjectOrTextThatHoldsOne) {
  const std::vector<ParamSpec> specs = {{.name = "inner",
                                         .type = ParamType::kTable,
                                         .default_value = json::object(),
                                         .description = "of the method inside"}};
  const json expected = {{"inner", {{"exit", 4}}}};
  EXPECT_EQ(resolve_params({{"inner", {{"exit", 4}}}}, specs, "x"), expected);
  EXPECT_EQ(resolve_params({{"inner", R"({"exit": 4})"}}, specs, "x"), expected);
  EXPECT_EQ(resolve_params(params_from_flags({R"(inner={"exit": 4})"}, "--param"), specs, "x"), expected);
  EXPECT_EQ(resolve_params({{"inner", ""}}, specs, "x"), json({{"inner", json::object()}}));
  for (const json& wrong : {json(3), json("text"), json::array({1})}) {
    EXPECT_THAT(error_of([&] {
                  resolve_params({{"inner", wrong}}, specs, "x");
                }),
                StartsWith("x: inner: expected table, got"));
  }
}

TEST(ParamSpec, ReadsFlags) {
  const auto params = params_from_flags({"eta=0.5", "variance=large", "exits=[1,2]", "text="}, "--param");
  EXPECT_EQ(params, (json{{"eta", 0.5}, {"variance", "large"}, {"exits", {1, 2}}, {"text", ""}}));
  EXPECT_THAT(error_of([] { params_from_flags({"eta"}, "--param"); }), HasSubstr("--param: eta: expected key=value"));
  EXPECT_THAT(error_of([] { params_from_flags({"=1"}, "--param"); }), HasSubstr("expected key=value"));
  EXPECT_THAT(error_of([] { params_from_flags({"a=1", "a=2"}, "--param"); }), HasSubstr("given twice"));
}

}  // namespace
}  // namespace diffbench::config
