#include "harness/commands/text_table.h"

#include <gmock/gmock.h>

#include <sstream>

namespace diffbench::commands {
namespace {

const std::vector<TextColumn> kTable{{"method", {"full", "t≥700"}, true},   {"solver", {"ddim", "ddim"}, true},
                                     {"steps", {"5", "10"}, true},          {"latency", {"8.1 ms", "16 ms"}},
                                     {"speed-up", {"1", "1.3 [1.2, 1.4]"}}, {"FID", {"5", "6"}}};

TEST(TextTable, FitsOrFoldsAndRepeatsTheNames) {
  EXPECT_EQ(text_table(kTable, 100),
            "solver ddim\n"
            "method  steps  latency  speed-up        FID\n"
            "full    5      8.1 ms   1               5\n"
            "t≥700   10     16 ms    1.3 [1.2, 1.4]  6\n");
  EXPECT_EQ(text_table(kTable, 40),
            "solver ddim\n"
            "method  steps  latency  speed-up\n"
            "full    5      8.1 ms   1\n"
            "t≥700   10     16 ms    1.3 [1.2, 1.4]\n"
            "\n"
            "method  steps  FID\n"
            "full    5      5\n"
            "t≥700   10     6\n");
}

TEST(TextTable, AColumnThatIsTooWideStandsAlone) {
  std::istringstream lines(text_table(kTable, 5));
  int blocks = 1;
  for (std::string line; std::getline(lines, line);) blocks += line.empty() ? 1 : 0;
  EXPECT_EQ(blocks, 3);
}

TEST(TextTable, OneRowKeepsItsNames) {
  EXPECT_EQ(text_table({{"method", {"full"}, true}, {"steps", {"5"}, true}, {"FID", {"3"}}}, 100),
            "method  steps  FID\nfull    5      3\n");
}

}  // namespace
}  // namespace diffbench::commands
