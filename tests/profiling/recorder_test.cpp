#include "profiling/recorder.h"

#include <gmock/gmock.h>

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "profiling/clock.h"
#include "profiling/scope.h"

namespace diffbench::profiling {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// name -> its scope; names are unique in these tests
std::map<std::string, ScopeRecord> by_name(const Profile& profile) {
  std::map<std::string, ScopeRecord> scopes;
  for (const ScopeRecord& scope : profile.scopes) {
    scopes[profile.strings.at(scope.name)] = scope;
  }
  return scopes;
}

TEST(OperationTest, IsAnActivityOfTheInnermostScope) {
  start_recording({});
  { const Operation outside("outside"); }
  {
    const Scope outer(Phase::kEvaluation, "outer");
    const Scope inner(Phase::kCompact, "inner");
    const Operation copy("row_copy", {.flops = 0.0, .moved_bytes = 512.0});
  }
  const Profile profile = stop_recording();
  ASSERT_EQ(profile.activities.size(), 2u);
  EXPECT_EQ(profile.activities[0].scope, kNone);
  EXPECT_EQ(profile.activities[0].attribution, Attribution::kUnattributed);
  const Activity& copy = profile.activities[1];
  EXPECT_EQ(profile.strings[copy.name], "row_copy");
  EXPECT_EQ(copy.kind, ActivityKind::kCpuOperator);
  EXPECT_EQ(copy.scope, by_name(profile).at("inner").id);
  EXPECT_EQ(copy.attribution, Attribution::kExternal);
  EXPECT_EQ(copy.moved_bytes, 512.0);
  EXPECT_EQ(copy.thread, system_thread_id());
}

TEST(OperationTest, OthersInsideArePartOfIt) {
  start_recording({});
  {
    const Operation outer("outer");
    { const Operation inner("inner"); }
    { const Operation inner("inner"); }
  }
  const Profile profile = stop_recording();
  ASSERT_EQ(profile.activities.size(), 1u);
  EXPECT_EQ(profile.strings[profile.activities[0].name], "outer");
}

TEST(OperationTest, MoreThanTheLimitAreCounted) {
  start_recording({.activity_limit = 10});
  for (int i = 0; i < 25; ++i) {
    const Operation operation("operation");
  }
  const Profile profile = stop_recording();
  EXPECT_EQ(profile.activities.size(), 10u);
  EXPECT_EQ(profile.dropped_count, 15);
}

TEST(RecorderTest, OneAddressMayHoldAnotherName) {
  start_recording({});
  std::string name = "first_name";
  { const Scope scope(Phase::kBlock, name.c_str()); }
  name.replace(0, 5, "other");
  { const Scope scope(Phase::kBlock, name.c_str()); }
  const auto scopes = by_name(stop_recording());
  EXPECT_TRUE(scopes.contains("first_name"));
  EXPECT_TRUE(scopes.contains("other_name"));
}

TEST(RecorderTest, RefusesAWrongOrder) {
  EXPECT_THROW(stop_recording(), std::logic_error);
  start_recording({});
  EXPECT_TRUE(is_recording());
  EXPECT_THROW(start_recording({}), std::logic_error);
  stop_recording();
  EXPECT_FALSE(is_recording());
}

// kernels as a test gives them
class FakeKernels : public KernelSource {
 public:
  std::string start(bool every_call) override {
    with_every_call = every_call;
    return reason;
  }
  void push_scope(std::int64_t scope) override { pushed.push_back(scope); }
  void pop_scope() override { ++popped; }
  void stop(Profile& profile) override {
    Activity kernel;
    kernel.kind = ActivityKind::kKernel;
    kernel.name = static_cast<std::uint32_t>(profile.strings.size());
    profile.strings.emplace_back("gemm");
    profile.activities.push_back(kernel);
  }
  std::string reason;
  bool with_every_call = false;
  std::vector<std::int64_t> pushed;
  int popped = 0;
};

TEST(RecorderTest, KernelsReplaceTheOperatorsOfTheCpu) {
  FakeKernels kernels;
  start_recording({.mode = Mode::kEverything, .kernels = &kernels});
  {
    const Scope scope(Phase::kBlock, "block");
    const Operation not_recorded("operation");
  }
  const Profile profile = stop_recording();
  EXPECT_EQ(profile.source, "cupti");
  EXPECT_TRUE(kernels.with_every_call);
  EXPECT_THAT(kernels.pushed, ElementsAre(profile.scopes.at(0).id));
  EXPECT_EQ(kernels.popped, 1);
  ASSERT_EQ(profile.activities.size(), 1u);
  EXPECT_EQ(profile.strings[profile.activities[0].name], "gemm");
}

TEST(RecorderTest, WithoutKernelsTheReasonIsKeptAndOperatorsAreRecorded) {
  FakeKernels kernels;
  kernels.reason = "CUPTI is held by Nsight";
  start_recording({.kernels = &kernels});
  {
    const Scope scope(Phase::kBlock, "block");
    const Operation operation("operation");
  }
  const Profile profile = stop_recording();
  EXPECT_EQ(profile.source, "cpu_operator");
  EXPECT_EQ(profile.source_reason, "CUPTI is held by Nsight");
  EXPECT_THAT(kernels.pushed, IsEmpty());
  EXPECT_EQ(profile.activities.size(), 1u);
}

}  // namespace
}  // namespace diffbench::profiling
