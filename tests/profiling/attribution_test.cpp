#include "profiling/attribution.h"

#include <gmock/gmock.h>

namespace diffbench::profiling {
namespace {

constexpr std::int64_t kThread = 11;

ScopeRecord scope(std::int64_t id, std::int64_t begin_ns, std::int64_t end_ns, std::int64_t thread = kThread) {
  ScopeRecord record;
  record.id = id;
  record.thread = thread;
  record.begin_ns = begin_ns;
  record.end_ns = end_ns;
  return record;
}

Activity activity(ActivityKind kind, std::int64_t begin_ns, std::int64_t end_ns, std::int64_t thread,
                  std::int64_t correlation_id = kNone) {
  Activity record;
  record.kind = kind;
  record.begin_ns = begin_ns;
  record.end_ns = end_ns;
  record.thread = thread;
  record.correlation_id = correlation_id;
  return record;
}

// 1 [0, 100] holds 2 [10, 40] and 3 [50, 90]; 3 holds 4 [60, 70]; thread 12 has 5 [0, 100]
std::vector<ScopeRecord> example_scopes() {
  return {scope(2, 10, 40), scope(4, 60, 70), scope(3, 50, 90), scope(1, 0, 100), scope(5, 0, 100, 12)};
}

TEST(ScopeIndexTest, FindsTheInnermostThatEnclosesWholly) {
  const ScopeIndex index(example_scopes());
  EXPECT_EQ(index.find(kThread, 12, 20), 2);
  EXPECT_EQ(index.find(kThread, 10, 40), 2) << "bounds belong to it";
  EXPECT_EQ(index.find(kThread, 62, 65), 4);
  EXPECT_EQ(index.find(kThread, 62, 75), 3) << "reaches beyond the innermost";
  EXPECT_EQ(index.find(kThread, 75, 80), 3);
  EXPECT_EQ(index.find(kThread, 45, 46), 1);
  EXPECT_EQ(index.find(kThread, 35, 55), 1);
  EXPECT_EQ(index.find(kThread, 95, 101), kNone);
  EXPECT_EQ(index.find(kThread, -5, 5), kNone);
  EXPECT_EQ(index.find(12, 62, 65), 5);
  EXPECT_EQ(index.find(13, 62, 65), kNone);
}

TEST(ScopeIndexTest, ScopesOfTheSameTimesNestById) {
  const ScopeIndex index({scope(8, 5, 9), scope(7, 5, 9)});
  EXPECT_EQ(index.find(kThread, 6, 7), 8);
}

TEST(AttributionTest, AKernelBelongsWhereItsCallWasMade) {
  Profile profile;
  profile.scopes = example_scopes();
  profile.activities = {activity(ActivityKind::kApiCall, 62, 64, kThread, 900),
                        activity(ActivityKind::kKernel, 500, 600, kNone, 900),
                        activity(ActivityKind::kKernel, 60, 65, kNone, 901),  // its call is not known
                        activity(ActivityKind::kOverhead, 60, 65, kNone)};
  EXPECT_EQ(attribute_by_time(profile), 2);
  EXPECT_EQ(profile.activities[0].scope, 4);
  EXPECT_EQ(profile.activities[1].scope, 4);
  EXPECT_EQ(profile.activities[1].attribution, Attribution::kTimeOverlap);
  EXPECT_EQ(profile.activities[2].scope, kNone);
  EXPECT_EQ(profile.activities[2].attribution, Attribution::kUnattributed);
  const AttributedTime time = attributed_time(profile);
  EXPECT_DOUBLE_EQ(time.attributed_share(), 102.0 / 112.0);
}

TEST(AttributionTest, WhatIsKnownStays) {
  Profile profile;
  profile.scopes = example_scopes();
  profile.activities = {activity(ActivityKind::kCpuOperator, 62, 64, kThread)};
  profile.activities[0].scope = 2;
  profile.activities[0].attribution = Attribution::kExternal;
  EXPECT_EQ(attribute_by_time(profile), 0);
  EXPECT_EQ(profile.activities[0].scope, 2);
}

TEST(AttributionTest, TheCheckWeighsByTime) {
  Profile profile;
  profile.scopes = example_scopes();
  profile.activities = {activity(ActivityKind::kCpuOperator, 12, 13, kThread),   // says 4, time says 2
                        activity(ActivityKind::kCpuOperator, 60, 69, kThread),   // says 4, and so does time
                        activity(ActivityKind::kCpuOperator, 60, 69, kThread)};  // not attributed: not compared
  for (std::size_t i = 0; i < 2; ++i) {
    profile.activities[i].scope = 4;
    profile.activities[i].attribution = Attribution::kExternal;
  }
  const AttributionCheck check = check_attribution(profile);
  EXPECT_EQ(check.compared_count, 2);
  EXPECT_DOUBLE_EQ(check.count_share(), 0.5);
  EXPECT_DOUBLE_EQ(check.time_share(), 0.9);
  EXPECT_DOUBLE_EQ(check_attribution({}).time_share(), 1.0);
}

TEST(GraphNodesTest, FollowsClonesToTheCapture) {
  GraphNodes nodes;
  nodes.created(100, 3);
  nodes.cloned(200, 100);
  nodes.cloned(300, 200);
  EXPECT_EQ(nodes.scope_of(100), 3);
  EXPECT_EQ(nodes.scope_of(200), 3);
  EXPECT_EQ(nodes.scope_of(300), 3);
  EXPECT_EQ(nodes.scope_of(400), kNone);
  nodes.cloned(500, 501);
  nodes.cloned(501, 500);
  EXPECT_EQ(nodes.scope_of(500), kNone) << "a circle ends";
}

}  // namespace
}  // namespace diffbench::profiling
