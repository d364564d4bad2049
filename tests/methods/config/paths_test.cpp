#include "methods/config/paths.h"

#include <gmock/gmock.h>

#include <cstdlib>

namespace diffbench::config {
namespace {

TEST(Paths, HomeIsTheSourceFolderUnlessTheEnvironmentSaysOtherwise) {
  unsetenv("DIFFBENCH_HOME");
  EXPECT_TRUE(std::filesystem::is_regular_file(home() / "methods/config/paths.h"));
  setenv("DIFFBENCH_HOME", "/opt/diffbench", 1);
  EXPECT_EQ(home(), "/opt/diffbench");
  EXPECT_EQ(zoo_path("fashion_mnist/shallow"), "/opt/diffbench/methods/zoo/fashion_mnist/shallow");
  setenv("DIFFBENCH_HOME", "", 1);  // empty means not set
  EXPECT_TRUE(std::filesystem::is_directory(home() / "methods"));
  unsetenv("DIFFBENCH_HOME");
}

}  // namespace
}  // namespace diffbench::config
