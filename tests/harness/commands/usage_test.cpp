#include "harness/commands/usage.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace diffbench::commands {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// the description of the error that these arguments make
std::string describe_arguments(std::vector<std::string> arguments) {
  CLI::App app("test", "diffbench");
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", "1");
  std::string suite;
  std::string database;
  int rounds = 0;
  auto* run = app.add_subcommand("run", "");
  run->add_option("suite", suite)->required();
  run->add_option("--db", database);
  run->add_option("-r,--rounds", rounds);
  app.add_subcommand("report", "");
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    return describe(app, error);
  }
  return "no error";
}

TEST(Describe, NamesTheNearestFlag) {
  EXPECT_THAT(describe_arguments({"run", "s.toml", "--round", "3"}),
              StartsWith("run: unknown flag '--round'; did you mean '--rounds'?"));
  EXPECT_THAT(describe_arguments({"run", "s.toml", "--dbb=x"}),
              StartsWith("run: unknown flag '--dbb'; did you mean '--db'"));
  EXPECT_THAT(describe_arguments({"--versin"}), StartsWith("unknown flag '--versin'; did you mean '--version'?"));
}

TEST(Describe, NamesTheFirstOfSeveral) {
  EXPECT_THAT(describe_arguments({"run", "s.toml", "--aaa", "1", "--bbb"}), StartsWith("run: unknown flag '--aaa'"));
}

TEST(Describe, AMistypedFlagIsNotCalledAMissingArgument) {
  EXPECT_THAT(describe_arguments({"run", "--hepl"}), StartsWith("run: unknown flag '--hepl'; did you mean '--help'?"));
}

TEST(Describe, NamesTheNearestSubcommand) {
  EXPECT_THAT(describe_arguments({"rum", "s.toml"}), StartsWith("unknown subcommand 'rum'; did you mean 'run'?"));
}

TEST(Describe, SaysWhatIsMissingOrSurplusInOneLine) {
  EXPECT_THAT(describe_arguments({"run"}), StartsWith("run: suite is required"));
  EXPECT_THAT(describe_arguments({"run", "a.toml", "b.toml"}), StartsWith("run: unexpected argument 'b.toml'"));
  const auto wrong_type = describe_arguments({"run", "a.toml", "--rounds", "many"});
  EXPECT_THAT(wrong_type, HasSubstr("--rounds"));
  EXPECT_THAT(wrong_type, Not(HasSubstr("\n")));
  EXPECT_EQ(describe_arguments({"run", "a.toml", "-r", "3"}), "no error");
}

}  // namespace
}  // namespace diffbench::commands
