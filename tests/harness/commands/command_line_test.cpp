#include "harness/commands/command_line.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace diffbench::commands {
namespace {

using ::testing::ElementsAre;

TEST(CommandLine, KeepsEveryWordAsItWasTyped) {
  const char* argv[] = {"diffbench",         "run", "my suite.toml", "--set",
                        "run.model=\"a b\"", "",    "--only=^full/", nullptr};
  keep_command_line(7, argv);
  EXPECT_THAT(command_line(),
              ElementsAre("diffbench", "run", "my suite.toml", "--set", "run.model=\"a b\"", "", "--only=^full/"));
  EXPECT_EQ(nlohmann::json(command_line()).dump(),
            R"(["diffbench","run","my suite.toml","--set","run.model=\"a b\"","","--only=^full/"])");
  keep_command_line(1, argv);
  EXPECT_THAT(command_line(), ElementsAre("diffbench"));
}

}  // namespace
}  // namespace diffbench::commands
