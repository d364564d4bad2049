#include "profiling/cupti/live_kernels.h"

#include <gmock/gmock.h>

#include "profiling/recorder.h"
#include "profiling/scope.h"
#include "tests/profiling/cupti/fake_cupti.h"

namespace diffbench::profiling::cupti {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;

class LiveKernelsTest : public testing::Test {
 protected:
  LiveKernelsTest() { fake_cupti() = {}; }

  LiveKernels kernels_{Library{fake_functions(), ""}};
};

TEST_F(LiveKernelsTest, ARecordingPutsKernelsIntoScopes) {
  start_recording({.kernels = &kernels_});
  EXPECT_THAT(fake_cupti().enabled, Contains(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL));
  EXPECT_THAT(fake_cupti().enabled, Not(Contains(CUPTI_ACTIVITY_KIND_KERNEL))) << "it would serialise kernels";
  RecordBuffer records;
  {
    const Scope outer(Phase::kEvaluation, "outer");
    const Scope inner(Phase::kBlock, "inner");
    ASSERT_EQ(fake_cupti().external_ids.size(), 2u);
    records.add(external(7, fake_cupti().external_ids.back()));
    records.add(kernel(7, 100, 200, "gemm"));
  }
  EXPECT_THAT(fake_cupti().external_ids, IsEmpty());
  fake_cupti().at_flush = {records};
  fake_cupti().dropped_count = 3;
  const Profile profile = stop_recording();
  EXPECT_EQ(profile.source, "cupti");
  EXPECT_EQ(profile.source_reason, "");
  EXPECT_EQ(profile.dropped_count, 3);
  EXPECT_EQ(fake_cupti().synchronized_count, 1) << "the device is waited for before the flush";
  EXPECT_THAT(fake_cupti().enabled, IsEmpty());
  ASSERT_EQ(profile.activities.size(), 1u);
  EXPECT_EQ(profile.activities[0].scope, profile.scopes.at(0).id);
  EXPECT_EQ(profile.strings.at(profile.scopes[0].name), "inner");
}

TEST_F(LiveKernelsTest, TwoRecordingsSubscribeOnceAndShareNothing) {
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(kernels_.start(false), "");
    RecordBuffer records;
    records.add(kernel(7, 100, 200, "gemm"));
    fake_cupti().at_flush = {records};
    Profile profile;
    kernels_.stop(profile);
    EXPECT_EQ(profile.activities.size(), 1u);
  }
  EXPECT_EQ(fake_cupti().subscribed_count, 1);
}

TEST_F(LiveKernelsTest, EverythingIncludesSynchronizations) {
  ASSERT_EQ(kernels_.start(true), "");
  EXPECT_THAT(fake_cupti().enabled, Contains(CUPTI_ACTIVITY_KIND_SYNCHRONIZATION));
  Profile profile;
  kernels_.stop(profile);
  EXPECT_THAT(fake_cupti().enabled, IsEmpty());
}

TEST_F(LiveKernelsTest, GraphNodesKeepTheScopeOfTheirCapture) {
  ASSERT_EQ(kernels_.start(false), "");
  kernels_.push_scope(5);
  fake_cupti().node_created(1000);
  kernels_.pop_scope();
  fake_cupti().node_cloned(2000, 1000);
  RecordBuffer records;
  records.add(kernel(7, 100, 200, "gemm", 2000));
  fake_cupti().at_flush = {records};
  Profile profile;
  kernels_.stop(profile);
  ASSERT_EQ(profile.activities.size(), 1u);
  EXPECT_EQ(profile.activities[0].scope, 5);
  EXPECT_EQ(profile.activities[0].attribution, Attribution::kGraphNode);
}

TEST_F(LiveKernelsTest, AnotherProfilerIsNamed) {
  fake_cupti().holder = "CUPTI for Kineto";
  EXPECT_EQ(kernels_.start(false), "CUPTI is held by CUPTI for Kineto");
  EXPECT_THAT(fake_cupti().enabled, IsEmpty());
  fake_cupti().holder = "";
  EXPECT_EQ(kernels_.start(false), "") << "once it is gone";
}

TEST_F(LiveKernelsTest, AnotherMajorVersionIsNotRead) {
  fake_cupti().version = 140000;
  EXPECT_EQ(kernels_.start(false), "libcupti has version 140000, this build reads 13xxxx");
}

TEST_F(LiveKernelsTest, ARefusalLeavesNothingOn) {
  fake_cupti().enable_result = CUPTI_ERROR_INSUFFICIENT_PRIVILEGES;
  EXPECT_EQ(kernels_.start(false), "enabling CUPTI's records: CUPTI_ERROR_INSUFFICIENT_PRIVILEGES");
  EXPECT_THAT(fake_cupti().enabled, IsEmpty());
}

TEST_F(LiveKernelsTest, BuffersThatComeBetweenRecordingsAreFreed) {
  ASSERT_EQ(kernels_.start(false), "");
  Profile profile;
  kernels_.stop(profile);
  RecordBuffer records;
  records.add(kernel(7, 100, 200, "gemm"));
  fake_cupti().at_flush = {records};
  fake_functions().flush_all(0);
  ASSERT_EQ(kernels_.start(false), "");
  kernels_.stop(profile);
  EXPECT_THAT(profile.activities, IsEmpty());
}

TEST_F(LiveKernelsTest, ThereIsOneAtATime) { EXPECT_THROW(LiveKernels(Library{}), std::logic_error); }

TEST(CuptiLibraryTest, SaysWhatIsMissing) {
  EXPECT_EQ(open_library("libno-such-driver.so.1").reason, "no NVIDIA driver (libno-such-driver.so.1)");
  EXPECT_EQ(open_library("libc.so.6", "libno-such-cupti.so.13").reason, "no libno-such-cupti.so.13");
  EXPECT_EQ(open_library("libc.so.6", "libm.so.6").reason, "libm.so.6 lacks cuptiGetVersion");
}

}  // namespace
}  // namespace diffbench::profiling::cupti
