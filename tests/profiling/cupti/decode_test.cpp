#include "profiling/cupti/decode.h"

#include <gmock/gmock.h>

#include <map>

#include "tests/profiling/cupti/fake_cupti.h"

namespace diffbench::profiling::cupti {
namespace {

constexpr char kGemm[] = "_ZN6kernel4gemmEPfi";

// name -> activity; names are unique in these tests
std::map<std::string, Activity> by_name(const Profile& profile) {
  std::map<std::string, Activity> activities;
  for (const Activity& activity : profile.activities) {
    activities[profile.strings.at(activity.name)] = activity;
  }
  return activities;
}

Profile decode(std::vector<RecordBuffer> buffers, const DecodeOptions& options = {}, const GraphNodes& nodes = {}) {
  Decoder decoder(fake_functions(), nodes, options);
  for (RecordBuffer& buffer : buffers) {
    decoder.decode(buffer.data(), buffer.size());
  }
  Profile profile;
  profile.strings = {"a scope's name"};
  decoder.finish(profile);
  return profile;
}

TEST(DecodeTest, KernelsCopiesAndSetsGetTheScopeOfTheirLaunch) {
  RecordBuffer buffer;
  buffer.add(external(7, 42));
  buffer.add(call(CUPTI_ACTIVITY_KIND_RUNTIME, 211, 7, 90, 95, 4242));
  buffer.add(kernel(7, 100, 250, kGemm));
  buffer.add(external(8, 43));
  buffer.add(copy(8, 300, 400, 4096));
  buffer.add(set(9, 400, 410, 64));
  const Profile profile = decode({buffer});
  const auto activities = by_name(profile);
  ASSERT_EQ(activities.size(), 4u);
  const Activity& gemm = activities.at("kernel::gemm(float*, int)");
  EXPECT_EQ(gemm.kind, ActivityKind::kKernel);
  EXPECT_EQ(gemm.scope, 42);
  EXPECT_EQ(gemm.attribution, Attribution::kExternal);
  EXPECT_EQ(gemm.begin_ns, 100);
  EXPECT_EQ(gemm.end_ns, 250);
  EXPECT_EQ(gemm.device, 1);
  EXPECT_EQ(gemm.stream, 7);
  EXPECT_EQ(gemm.correlation_id, 7);
  EXPECT_EQ(gemm.thread, kNone);
  EXPECT_EQ(gemm.graph_node, kNone) << "0 means that no graph launched it";
  const Activity& launch = activities.at("cudaLaunchKernel_v7000");
  EXPECT_EQ(launch.kind, ActivityKind::kApiCall);
  EXPECT_EQ(launch.thread, 4242);
  EXPECT_EQ(launch.scope, 42);
  const Activity& to_device = activities.at("Memcpy HtoD");
  EXPECT_EQ(to_device.kind, ActivityKind::kCopy);
  EXPECT_EQ(to_device.size_bytes, 4096);
  EXPECT_EQ(to_device.scope, 43);
  EXPECT_EQ(activities.at("Memset").kind, ActivityKind::kSet);
  EXPECT_EQ(activities.at("Memset").attribution, Attribution::kUnattributed);
}

TEST(DecodeTest, BuffersMayComeInAnyOrder) {
  RecordBuffer kernels;
  kernels.add(kernel(7, 100, 250, kGemm));
  RecordBuffer calls;
  calls.add(external(7, 42));
  calls.add(call(CUPTI_ACTIVITY_KIND_RUNTIME, 211, 7, 90, 95, 4242));
  for (const Profile& profile : {decode({kernels, calls}), decode({calls, kernels})}) {
    EXPECT_EQ(by_name(profile).at("kernel::gemm(float*, int)").scope, 42);
    EXPECT_EQ(profile.activities.size(), 2u);
  }
}

TEST(DecodeTest, OneCallPerCorrelationIdTheRuntimesFirst) {
  for (const bool runtime_first : {true, false}) {
    RecordBuffer buffer;
    const auto runtime = call(CUPTI_ACTIVITY_KIND_RUNTIME, 211, 7, 90, 95, 1);
    const auto driver = call(CUPTI_ACTIVITY_KIND_DRIVER, 307, 7, 91, 94, 1);
    buffer.add(runtime_first ? runtime : driver);
    buffer.add(runtime_first ? driver : runtime);
    buffer.add(call(CUPTI_ACTIVITY_KIND_DRIVER, 652, 8, 96, 97, 1));
    buffer.add(kernel(7, 100, 250, kGemm));
    buffer.add(kernel(8, 250, 260, kGemm));
    const Profile profile = decode({buffer});
    ASSERT_EQ(profile.activities.size(), 4u);
    EXPECT_EQ(by_name(profile).at("cudaLaunchKernel_v7000").correlation_id, 7);
    EXPECT_EQ(by_name(profile).at("cuLaunchKernelEx").correlation_id, 8);
  }
}

TEST(DecodeTest, CallsThatLaunchNothingAreKeptOnRequest) {
  RecordBuffer buffer;
  buffer.add(call(CUPTI_ACTIVITY_KIND_RUNTIME, 999, 5, 10, 11, 1));
  EXPECT_TRUE(decode({buffer}).activities.empty());
  const Profile profile = decode({buffer}, {.every_call = true});
  EXPECT_TRUE(by_name(profile).contains("runtime call")) << "a call without a name";
}

TEST(DecodeTest, IncompleteRecordsAreCountedAsLost) {
  RecordBuffer buffer;
  buffer.add(kernel(1, 100, 0, kGemm));
  buffer.add(kernel(2, 0, 0, kGemm));
  buffer.add(copy(3, 50, 40, 1));
  buffer.add(kernel(4, 100, 100, kGemm));
  const Profile profile = decode({buffer});
  EXPECT_EQ(profile.dropped_count, 3);
  EXPECT_EQ(profile.activities.size(), 1u);
}

TEST(DecodeTest, GraphKernelsBelongWhereTheyWereCaptured) {
  GraphNodes nodes;
  nodes.created(1000, 5);
  nodes.cloned(2000, 1000);
  RecordBuffer buffer;
  buffer.add(external(7, 42));  // of the graph's launch
  buffer.add(kernel(7, 100, 200, "captured", 2000));
  buffer.add(kernel(7, 200, 300, "unknown_node", 3000));
  const auto activities = by_name(decode({buffer}, {}, nodes));
  EXPECT_EQ(activities.at("captured").scope, 5);
  EXPECT_EQ(activities.at("captured").attribution, Attribution::kGraphNode);
  EXPECT_EQ(activities.at("captured").graph_node, 2000);
  EXPECT_EQ(activities.at("unknown_node").scope, 42);
  EXPECT_EQ(activities.at("unknown_node").attribution, Attribution::kExternal);
  const auto distrusting = by_name(decode({buffer}, {.trusts_graph_correlation = false}, nodes));
  EXPECT_EQ(distrusting.at("captured").scope, 5);
  EXPECT_EQ(distrusting.at("unknown_node").attribution, Attribution::kUnattributed);
}

TEST(DecodeTest, ExternalIdsOfOthersAreNotOurs) {
  RecordBuffer buffer;
  buffer.add(external(7, 42, CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM1));
  buffer.add(kernel(7, 100, 200, kGemm));
  EXPECT_EQ(decode({buffer}).activities.at(0).attribution, Attribution::kUnattributed);
}

TEST(DecodeTest, OverheadSynchronizationAndUnknownKinds) {
  CUpti_ActivityOverhead3 overhead{};
  overhead.kind = CUPTI_ACTIVITY_KIND_OVERHEAD;
  overhead.overheadKind = CUPTI_ACTIVITY_OVERHEAD_CUPTI_BUFFER_FLUSH;
  overhead.objectKind = CUPTI_ACTIVITY_OBJECT_THREAD;
  overhead.objectId.pt.threadId = 4242;
  overhead.start = 10;
  overhead.end = 30;
  CUpti_ActivitySynchronization2 synchronization{};
  synchronization.kind = CUPTI_ACTIVITY_KIND_SYNCHRONIZATION;
  synchronization.type = CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_STREAM_SYNCHRONIZE;
  synchronization.start = 40;
  synchronization.end = 90;
  synchronization.streamId = 7;
  CUpti_ActivityStream stream{};
  stream.kind = CUPTI_ACTIVITY_KIND_STREAM;
  RecordBuffer buffer;
  buffer.add(stream);
  buffer.add(overhead);
  buffer.add(synchronization);
  const auto activities = by_name(decode({buffer}));
  ASSERT_EQ(activities.size(), 2u);
  EXPECT_EQ(activities.at("CUPTI flushes a buffer").kind, ActivityKind::kOverhead);
  EXPECT_EQ(activities.at("CUPTI flushes a buffer").thread, 4242);
  EXPECT_EQ(activities.at("synchronize stream").stream, 7);
}

TEST(DecodeTest, NamesJoinTheProfilesStrings) {
  RecordBuffer buffer;
  buffer.add(kernel(1, 1, 2, "plain_c_name"));
  buffer.add(kernel(2, 3, 4, nullptr));
  buffer.add(kernel(3, 5, 6, "a scope's name"));
  const Profile profile = decode({buffer});
  EXPECT_THAT(profile.strings, testing::ElementsAre("a scope's name", "plain_c_name", "unnamed kernel"));
  EXPECT_EQ(profile.activities.at(2).name, 0u);
}

TEST(DecodeTest, AnEmptyBufferIsNothing) { EXPECT_TRUE(decode({RecordBuffer{}}).activities.empty()); }

}  // namespace
}  // namespace diffbench::profiling::cupti
