// The suites in harness/suites parse and plan; that their names exist is tested where the tables of names are linked.

#include <gmock/gmock.h>

#include <filesystem>

#include "harness/suite/plan.h"
#include "harness/suite/suite.h"

namespace diffbench::suite {
namespace {

namespace fs = std::filesystem;

TEST(ShippedSuites, ParseAndPlan) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(DIFFBENCH_TESTS_DIR) / ".." / "harness" / "suites")) {
    if (entry.path().extension() != ".toml") {
      continue;
    }
    ++count;
    const Suite suite = parse_suite(entry.path());
    EXPECT_EQ(suite.name, entry.path().stem()) << "a suite is called like its file";
    EXPECT_NE(suite.description, "") << entry.path();
    const auto cells = plan(suite);
    EXPECT_FALSE(cells.empty());
    for (const auto& cell : cells) {
      EXPECT_TRUE(cell.baseline || cell.method == "full") << cell.key << " has nothing to be compared with";
    }
  }
  EXPECT_GE(count, 2);
}

}  // namespace
}  // namespace diffbench::suite
