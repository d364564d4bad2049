// `diffbench report` with a shell script in place of Python: what is passed on, and what comes back.

#include <gmock/gmock.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "harness/commands/commands.h"
#include "methods/config/input_error.h"
#include "methods/config/paths.h"

namespace diffbench::commands {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Report : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("diffbench_report_test_" + std::to_string(getpid()));
    fs::create_directories(folder_);
    std::ofstream(folder_ / "results.db") << "any";
    std::ofstream(script()) << "#!/bin/sh\necho noise\necho \"$PYTHONPATH|$*\" > '" << (folder_ / "seen").string()
                            << "'\nexit ${FAKE_EXIT:-0}\n";
    fs::permissions(script(), fs::perms::owner_all);
    setenv("DIFFBENCH_PYTHON", script().c_str(), 1);
  }
  void TearDown() override {
    unsetenv("DIFFBENCH_PYTHON");
    unsetenv("FAKE_EXIT");
    fs::remove_all(folder_);
  }

  fs::path script() const { return folder_ / "python"; }
  std::string database() const { return (folder_ / "results.db").string(); }
  std::string seen() const {
    std::ifstream in(folder_ / "seen");
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  static int run(std::vector<std::string> arguments) {
    CLI::App app("test");
    int exit_code = 0;
    add_report(app, exit_code);
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    return exit_code;
  }

 private:
  fs::path folder_;
};

TEST_F(Report, RunsTheDashboardsFromTheProjectsFolder) {
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(run({"report", database(), "-o", "out folder"}), 0);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");  // what Python prints goes to stderr
  EXPECT_THAT(seen(), HasSubstr(config::home().string()));
  EXPECT_THAT(seen(), HasSubstr("|-m dashboards.report " + database() + " -o out folder\n"));
}

TEST_F(Report, JsonIsOneDocument) {
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(run({"report", database(), "-o", "out", "--json"}), 0);
  const auto document = nlohmann::json::parse(::testing::internal::GetCapturedStdout());
  EXPECT_EQ(document.at("output"), "out");
}

TEST_F(Report, PassesTheExitCodeThrough) {
  setenv("FAKE_EXIT", "2", 1);
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(run({"report", database(), "-o", "out", "--json"}), 2);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
}

TEST_F(Report, RefusesAMissingDatabaseBeforeItRunsAnything) {
  EXPECT_THROW(run({"report", database() + "x", "-o", "out"}), config::InputError);
  EXPECT_EQ(seen(), "");
}

TEST_F(Report, SaysWhenThereIsNoPython) {
  setenv("DIFFBENCH_PYTHON", "/no/such/python", 1);
  EXPECT_THROW(run({"report", database(), "-o", "out"}), config::InputError);
}

}  // namespace
}  // namespace diffbench::commands
