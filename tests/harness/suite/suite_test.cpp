#include "harness/suite/suite.h"

#include <gmock/gmock.h>

#include <functional>

#include "methods/config/input_error.h"

namespace diffbench::suite {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string kText = R"(name = "tiny"
description = "for tests"
seed = 7
[run]
model = "gaussian"
precision = ["fp32", "bf16"]
batch = 8
scenario = ["offline", "single_stream"]
[[method]]
name = "full"
[[method]]
name = "static_schedule"
label = "half"
model = "gaussian_short"
exits = [1, 2]
strength = 0.5
[[solver]]
name = "ddim"
grid = "trailing"
steps = [4, 10]
eta = 0.5
[timing]
max_rounds = 9
warmup_max_seconds = 0
[quality]
samples = 16
metrics = ["fid", "kid"]
[check]
tolerance = 0.001
)";

const ValidNames kValid = {
    .methods = {"full", "null", "static_schedule"}, .solvers = {"ddim", "ddpm"}, .grids = {"leading", "trailing"}};

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const config::InputError& error) {
    return error.what();
  }
  return "no error";
}

std::string error_of_text(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return error_of([&] { parse_suite_text(text, "s.toml", overrides, kValid); });
}

// kText with one piece replaced
std::string with(const std::string& from, const std::string& to) {
  std::string text = kText;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(ParseSuite, ReadsEveryTable) {
  const Suite suite = parse_suite_text(kText, "s.toml", {}, kValid);
  EXPECT_EQ(suite.name, "tiny");
  EXPECT_EQ(suite.description, "for tests");
  EXPECT_EQ(suite.seed, 7);
  EXPECT_EQ(suite.run.model, "gaussian");
  EXPECT_EQ(suite.run.device, "auto");
  EXPECT_THAT(suite.run.precision, ElementsAre("fp32", "bf16"));
  EXPECT_THAT(suite.run.batch, ElementsAre(8));  // one value is a list of one
  EXPECT_EQ(suite.run.threads, 1);
  ASSERT_EQ(suite.methods.size(), 2u);
  EXPECT_EQ(suite.methods[0].label, "full");
  EXPECT_EQ(suite.methods[0].params, nlohmann::json::object());
  EXPECT_EQ(suite.methods[1].label, "half");
  EXPECT_EQ(suite.methods[1].model, "gaussian_short");
  EXPECT_EQ(suite.methods[1].params, nlohmann::json::parse(R"({"exits": [1, 2], "strength": 0.5})"));
  EXPECT_THAT(suite.methods[1].where, StartsWith("s.toml:12: [method[1]] name"));
  ASSERT_EQ(suite.solvers.size(), 1u);
  EXPECT_THAT(suite.solvers[0].steps, ElementsAre(4, 10));
  EXPECT_EQ(suite.solvers[0].params, nlohmann::json::parse(R"({"eta": 0.5})"));
  EXPECT_EQ(suite.timing.max_rounds, 9);
  EXPECT_EQ(suite.timing.min_rounds, TimingOptions{}.min_rounds);
  EXPECT_EQ(suite.timing.warmup_max_seconds, 0.0);
  EXPECT_EQ(suite.quality.samples, 16);
  EXPECT_THAT(suite.quality.metrics, ElementsAre("fid", "kid"));
  EXPECT_EQ(suite.check.tolerance, 0.001);
  EXPECT_EQ(suite.text, kText);
}

TEST(ParseSuite, MistakesNameFileLineAndKey) {
  EXPECT_THAT(error_of_text(with("seed = 7", "sed = 7")), StartsWith("s.toml:3: sed: unknown key 'sed'; did you mean"));
  EXPECT_THAT(error_of_text(with("max_rounds = 9", "max_round = 9")),
              AllOf(StartsWith("s.toml:23: [timing] max_round: "), HasSubstr("'max_rounds'")));
  EXPECT_THAT(error_of_text(with("[quality]", "[qualtiy]")), AllOf(StartsWith("s.toml:25: "), HasSubstr("'quality'")));
  EXPECT_THAT(error_of_text(with("name = \"full\"", "name = \"ful\"")),
              StartsWith("s.toml:10: [method[0]] name: unknown method 'ful'; did you mean 'full'?"));
  EXPECT_THAT(error_of_text(with("\"ddim\"", "\"dim\"")), HasSubstr("unknown solver 'dim'; did you mean 'ddim'?"));
  EXPECT_THAT(error_of_text(with("\"trailing\"", "\"trail\"")), HasSubstr("unknown grid 'trail'"));
  EXPECT_THAT(error_of_text(with("\"bf16\"", "\"bf15\"")), HasSubstr("did you mean 'bf16'?"));
  EXPECT_THAT(error_of_text(with("batch = 8", "batch = []")), HasSubstr("s.toml:7: [run] batch: must not be empty"));
  EXPECT_THAT(error_of_text(with("batch = 8", "batch = [8, 8]")), HasSubstr("twice"));
  EXPECT_THAT(error_of_text(with("batch = 8", "batch = 0")), HasSubstr("at least 1"));
  EXPECT_THAT(error_of_text(with("batch = 8", "batch = 8.5")), HasSubstr("must be an integer"));
  EXPECT_THAT(error_of_text(with("batch = 8", "batch = 5000000000")), HasSubstr("32 bits"));
  EXPECT_THAT(error_of_text(with("steps = [4, 10]", "")), HasSubstr("steps: missing"));
  EXPECT_THAT(error_of_text(with("label = \"half\"", "label = \"full\"")),
              AllOf(StartsWith("s.toml:13: "), HasSubstr("stands twice")));
  EXPECT_THAT(error_of_text(with("tolerance = 0.001", "tolerance = nan")), HasSubstr("finite"));
  EXPECT_THAT(error_of_text(with("samples = 16", "samples = 1")),
              AllOf(StartsWith("s.toml:26: [quality] samples: "), HasSubstr("at least 2")));
  EXPECT_THAT(error_of_text(with("warmup_max_seconds = 0", "warmup_max_seconds = -1.0")), HasSubstr("not below 0"));
  EXPECT_THAT(error_of_text(with("warmup_max_seconds = 0", "warmup_max = 2")),
              AllOf(StartsWith("s.toml:24: [timing] warmup_max: unknown key"), HasSubstr("'warmup_max_seconds'")));
  EXPECT_THAT(error_of_text(with("max_rounds = 9", "max_rounds = 2")), HasSubstr("min_rounds: must not exceed"));
  EXPECT_THAT(error_of_text(with("seed = 7", "seed = -1")), HasSubstr("seed: must not be negative"));
  EXPECT_THAT(error_of_text(with("model = \"gaussian\"", "compare_with = \"ful\"")), HasSubstr("did you mean 'full'?"));
  EXPECT_THAT(error_of_text(with("name = \"tiny\"", "")), HasSubstr("name: missing"));
  EXPECT_THAT(error_of_text(with("name = \"tiny\"", "name = ")), StartsWith("s.toml:1: not valid TOML"));
  EXPECT_THAT(error_of_text("name = \"a\"\n"), HasSubstr("method: at least one is needed"));
  EXPECT_THAT(error_of_text("name = \"a\"\n[[method]]\nname = \"full\"\n"), HasSubstr("solver: at least one"));
  EXPECT_THAT(error_of_text("name = \"a\"\nmethod = 3\n"), HasSubstr("must be an array of tables"));
  EXPECT_THAT(error_of_text(with("label = \"half\"", "label = \"ha\\nlf\"")), HasSubstr("control characters"));
  EXPECT_THAT(error_of_text(with("seed = 7", "\"se\\ned\" = 7")), Not(HasSubstr("\n")));
  EXPECT_THAT(error_of([] { parse_suite("no/such/suite.toml"); }), StartsWith("no/such/suite.toml: cannot read"));
}

TEST(ParseSuite, AnUnknownKeyIsNamedBeforeAMissingOne) {
  EXPECT_THAT(error_of_text(with("name = \"tiny\"", "nam = \"tiny\"")),
              StartsWith("s.toml:1: nam: unknown key 'nam'; did you mean 'name'?"));
  EXPECT_THAT(error_of_text(with("name = \"tiny\"", "colour = \"red\"")), StartsWith("s.toml:1: colour: unknown key"));
  EXPECT_THAT(error_of_text("[timing]\nmax_round = 3\n"),
              StartsWith("s.toml:2: [timing] max_round: unknown key 'max_round'; did you mean 'max_rounds'?"));
  EXPECT_THAT(error_of_text(with("[[solver]]", "[[solvers]]")),
              StartsWith("s.toml:17: solvers: unknown key 'solvers'; did you mean 'solver'?"));
  EXPECT_THAT(error_of_text(with("name = \"full\"", "nmae = \"full\"")),
              StartsWith("s.toml:10: [method[0]] nmae: unknown key 'nmae'; did you mean 'name', which is missing?"));
  EXPECT_THAT(error_of_text(with("steps = [4, 10]", "step = [4, 10]")),
              StartsWith("s.toml:20: [solver[0]] step: unknown key 'step'; did you mean 'steps', which is missing?"));
}

TEST(ParseSuite, OverridesWinOverTheFile) {
  const Suite suite = parse_suite_text(kText, "s.toml",
                                       {"timing.max_rounds=7", "run.batch=[2, 4]", "run.device=cpu", "seed=9",
                                        "name=other name", "quality.metrics=fid", "quality.reference=a=b"},
                                       kValid);
  EXPECT_EQ(suite.timing.max_rounds, 7);
  EXPECT_THAT(suite.run.batch, ElementsAre(2, 4));
  EXPECT_EQ(suite.run.device, "cpu");
  EXPECT_EQ(suite.run.model, "gaussian");  // what is not overridden stays
  EXPECT_EQ(suite.seed, 9);
  EXPECT_EQ(suite.name, "other name");
  EXPECT_THAT(suite.quality.metrics, ElementsAre("fid"));
  EXPECT_EQ(suite.quality.extractors.front().reference, "a=b");
}

TEST(ParseSuite, WrongOverridesNameTheFlag) {
  EXPECT_THAT(error_of_text(kText, {"timing.max_rouds=5"}),
              AllOf(StartsWith("--set timing.max_rouds=5: [timing] max_rouds: unknown key"),
                    HasSubstr("did you mean 'max_rounds'?")));
  EXPECT_THAT(error_of_text(kText, {"timming.max_rounds=5"}), HasSubstr("did you mean 'timing'?"));
  EXPECT_THAT(error_of_text(kText, {"timing.max_rounds=many"}),
              StartsWith("--set timing.max_rounds=many: [timing] max_rounds: must be an integer"));
  EXPECT_THAT(error_of_text(kText, {"timing=5"}), HasSubstr("must be a table"));
  EXPECT_THAT(error_of_text(kText, {"seed"}), HasSubstr("must be key=value"));
  EXPECT_THAT(error_of_text(kText, {"=5"}), HasSubstr("must be key=value"));
  EXPECT_THAT(error_of_text(kText, {"seed=1\nname=\"x\""}), HasSubstr("must be key=value"));
  EXPECT_THAT(error_of_text(kText, {"a b=5"}), StartsWith("--set a b=5: not valid TOML"));
  EXPECT_THAT(error_of_text(kText, {"solver.steps=5"}), HasSubstr("edit the suite"));
  EXPECT_THAT(error_of_text(kText, {"plugins=[\"a.so\"]"}),
              HasSubstr("--set plugins=[\"a.so\"]: give them as --plugin F.so"));
  EXPECT_THAT(error_of_text(kText, {"name="}), HasSubstr("name: must not be empty"));
}

TEST(Identity, IgnoresLayoutAndSeesSettings) {
  const auto base = identity(parse_suite_text(kText, "s.toml"));
  EXPECT_EQ(identity(parse_suite_text("# a comment\n" + with("for tests", "reworded"), "moved.toml")), base);
  EXPECT_NE(identity(parse_suite_text(kText, "s.toml", {"seed=8"})), base);
  EXPECT_NE(identity(parse_suite_text(with("eta = 0.5", "eta = 0.25"), "s.toml")), base);
  EXPECT_NE(identity(parse_suite_text(with("strength = 0.5", ""), "s.toml")), base);
  EXPECT_NE(identity(parse_suite_text(kText, "s.toml", {"timing.warmup_max_seconds=3"})), base);
}

}  // namespace
}  // namespace diffbench::suite
