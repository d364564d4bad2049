#include "harness/environment/environment.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "harness/environment/build_info.h"

namespace diffbench::environment {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::Eq;
using ::testing::Key;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::Pair;
using ::testing::StartsWith;

TEST(Capture, DescribesThisMachine) {
  const Environment here = capture();
  EXPECT_NE(here.host, "");
  EXPECT_NE(here.cpu_model, "");
  EXPECT_GE(here.core_count, 1);
  EXPECT_GE(here.usable_core_count, 1);
  EXPECT_LE(here.usable_core_count, here.core_count);
  EXPECT_NE(here.binding, "");
  EXPECT_GE(here.torch_threads, 1);
  EXPECT_GE(here.omp_threads, 1);  // LibTorch brings OpenMP along
  EXPECT_GT(here.memory_bytes, std::int64_t{64} << 20);
  EXPECT_NE(here.os, "");
  EXPECT_THAT(here.kernel, MatchesRegex("[0-9]+\\.[0-9]+.*"));
  EXPECT_GE(here.load_average_1min, 0.0);
  EXPECT_EQ(here.cuda_toolkit.empty(), here.cuda_runtime.empty());
  EXPECT_TRUE(here.gpu_names.empty() || !here.cuda_driver.empty());
}

TEST(Capture, DescribesThisBuild) {
  const Environment here = capture();
  EXPECT_THAT(here.program_version, MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
  EXPECT_THAT(here.git_sha, AnyOf(Eq(""), MatchesRegex("[0-9a-f]{40}")));
  EXPECT_THAT(here.torch_version, MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+.*"));
  EXPECT_NE(here.compiler, "");
  EXPECT_NE(here.build_type, "");
  EXPECT_THAT(version_line(), StartsWith("diffbench " + here.program_version + " ("));
}

TEST(Capture, ListsThreadSettingsAndNothingPrivate) {
  setenv("OMP_PROC_BIND", "close=x", 1);
  setenv("SOME_TOKEN", "secret", 1);
  const Environment here = capture();
  unsetenv("OMP_PROC_BIND");
  unsetenv("SOME_TOKEN");
  EXPECT_THAT(here.settings, Contains(Pair("OMP_PROC_BIND", "close=x")));
  EXPECT_THAT(here.settings, Not(Contains(Key("SOME_TOKEN"))));
  EXPECT_THAT(capture().settings, Not(Contains(Key("OMP_PROC_BIND"))));
}

TEST(Capture, IsFast) {
  capture();  // starts the CUDA driver where there is one
  auto fastest = std::chrono::nanoseconds::max();
  for (int repetition = 0; repetition < 5; ++repetition) {
    const auto begin = std::chrono::steady_clock::now();
    capture();
    fastest = std::min<std::chrono::nanoseconds>(fastest, std::chrono::steady_clock::now() - begin);
  }
  EXPECT_LT(fastest, std::chrono::milliseconds(100));
}

TEST(Environment, SurvivesJson) {
  Environment here = capture();
  here.gpu_names = {"a", "b"};
  here.load_average_1min = 0.25;
  const nlohmann::json document = here;
  const auto back = nlohmann::json::parse(document.dump()).get<Environment>();
  EXPECT_EQ(nlohmann::json(back), document);
  EXPECT_EQ(back.gpu_names, here.gpu_names);
  EXPECT_EQ(back.memory_bytes, here.memory_bytes);
  EXPECT_THROW(nlohmann::json::object().get<Environment>(), nlohmann::json::exception);
}

}  // namespace
}  // namespace diffbench::environment
