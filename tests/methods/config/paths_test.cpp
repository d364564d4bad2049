#include "methods/config/paths.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "methods/config/input_error.h"

namespace diffbench::config {
namespace {

namespace fs = std::filesystem;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

class Paths : public ::testing::Test {
 protected:
  Paths() : folder_(fs::temp_directory_path() / ("diffbench_paths_" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
  }
  ~Paths() override {
    unsetenv("DIFFBENCH_HOME");
    fs::remove_all(folder_);
  }
  fs::path folder_;
};

TEST_F(Paths, HomeIsTheCheckoutUnlessTheEnvironmentSaysOtherwise) {
  unsetenv("DIFFBENCH_HOME");
  EXPECT_TRUE(fs::is_regular_file(home() / "methods/config/paths.h"));
  fs::create_directories(folder_ / "methods/zoo");
  setenv("DIFFBENCH_HOME", folder_.c_str(), 1);
  EXPECT_EQ(home(), folder_);
  EXPECT_EQ(zoo_path("fashion_mnist/shallow"), folder_ / "methods/zoo/fashion_mnist/shallow");
  setenv("DIFFBENCH_HOME", "", 1);  // empty means not set
  EXPECT_TRUE(fs::is_regular_file(home() / "methods/config/paths.h"));
}

TEST_F(Paths, AWrongHomeIsNamed) {
  setenv("DIFFBENCH_HOME", folder_.c_str(), 1);
  EXPECT_THAT([] { home(); }, ThrowsMessage<InputError>(StartsWith("DIFFBENCH_HOME=" + folder_.string() + ": ")));
}

TEST_F(Paths, HomeIsFoundFromTheProgram) {
  fs::create_directories(folder_ / "prefix/share/diffbench/methods/zoo");
  EXPECT_EQ(home_of(folder_ / "prefix/bin/diffbench"), folder_ / "prefix/share/diffbench");
  fs::create_directories(folder_ / "checkout/methods/zoo");
  EXPECT_EQ(home_of(folder_ / "checkout/build/release/bin/diffbench"), folder_ / "checkout");
  EXPECT_EQ(home_of("/no/such/bin/diffbench"), "");
}

TEST_F(Paths, RelativeNamesAreFoundBesideTheSuiteFirst) {
  std::ofstream(folder_ / "beside.npz") << "x";
  EXPECT_EQ(found_from(folder_, "beside.npz"), folder_ / "beside.npz");
  EXPECT_EQ(found_from(folder_, "elsewhere.npz"), "elsewhere.npz");
  EXPECT_EQ(found_from(folder_, folder_ / "beside.npz"), folder_ / "beside.npz");
  EXPECT_EQ(found_from("", "beside.npz"), "beside.npz");
  EXPECT_EQ(found_from(folder_, ""), "");
}

TEST_F(Paths, MessagesNameTheFlagOrTheLine) {
  EXPECT_EQ((GivenAt{"--model"}.naming("dit")), "--model dit: ");
  EXPECT_EQ((GivenAt{"s.toml:4: [run] model"}.naming("dit")), "s.toml:4: [run] model: dit: ");
}

}  // namespace
}  // namespace diffbench::config
