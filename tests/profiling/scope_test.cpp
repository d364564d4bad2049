#include "profiling/scope.h"

#include <gmock/gmock.h>

#include <atomic>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "profiling/clock.h"
#include "profiling/recorder.h"

namespace diffbench::profiling {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> pushed_texts;
int open_ranges = 0;
const RangeSink kSink{[](const char* text) {
                        pushed_texts.emplace_back(text);
                        ++open_ranges;
                      },
                      [] { --open_ranges; }};

// name -> its scope; names are unique in these tests
std::map<std::string, ScopeRecord> by_name(const Profile& profile) {
  std::map<std::string, ScopeRecord> scopes;
  for (const ScopeRecord& scope : profile.scopes) {
    scopes[profile.strings.at(scope.name)] = scope;
  }
  return scopes;
}

TEST(ScopeTest, OffLeavesNothing) {
  { const Scope before(Phase::kBlock, "before", {.block = 1}); }
  start_recording({});
  const Profile profile = stop_recording();
  { const Scope after(Phase::kBlock, "after"); }
  { const Operation operation("after"); }
  EXPECT_THAT(profile.scopes, IsEmpty());
  EXPECT_THAT(profile.activities, IsEmpty());
  EXPECT_THAT(profile.strings, IsEmpty());
  EXPECT_EQ(internal::listening.load(), 0u);
}

TEST(ScopeTest, NestsAndInheritsStepEvaluationAndT) {
  set_cell(7);
  start_recording({.device_name = "CPU Test"});
  {
    const Scope sampling(Phase::kSampling, "sampling");
    const Scope evaluation(Phase::kEvaluation, "evaluation", {.step = 4, .evaluation = 9, .t = 0.25, .rows = 64});
    { const Scope block(Phase::kBlock, "block", {.block = 3, .rows = 64, .rows_inside = 40}); }
    { const Scope head(Phase::kHead, "head", {.t = 0.5}); }
  }
  set_cell(kNone);
  { const Scope decode(Phase::kDecode, "decode"); }
  const Profile profile = stop_recording();
  const auto scopes = by_name(profile);
  ASSERT_EQ(scopes.size(), 5u);
  const ScopeRecord& block = scopes.at("block");
  EXPECT_EQ(block.parent, scopes.at("evaluation").id);
  EXPECT_EQ(scopes.at("evaluation").parent, scopes.at("sampling").id);
  EXPECT_EQ(scopes.at("sampling").parent, kNone);
  EXPECT_EQ(scopes.at("head").parent, scopes.at("evaluation").id);
  EXPECT_EQ(block.phase, Phase::kBlock);
  EXPECT_EQ(block.step, 4);
  EXPECT_EQ(block.evaluation, 9);
  EXPECT_EQ(block.t, 0.25);
  EXPECT_EQ(block.block, 3);
  EXPECT_EQ(block.rows, 64);
  EXPECT_EQ(block.rows_inside, 40);
  EXPECT_EQ(block.cell, 7);
  EXPECT_EQ(scopes.at("head").t, 0.5) << "an own field is not overwritten";
  EXPECT_EQ(scopes.at("head").rows, kNone) << "rows are not inherited";
  EXPECT_EQ(scopes.at("decode").cell, kNone);
  EXPECT_EQ(scopes.at("decode").step, kNone);
  EXPECT_LE(scopes.at("evaluation").begin_ns, block.begin_ns);
  EXPECT_LE(block.begin_ns, block.end_ns);
  EXPECT_LE(block.end_ns, scopes.at("head").begin_ns);
  EXPECT_EQ(block.thread, system_thread_id());
  EXPECT_EQ(profile.source, "cpu_operator");
  EXPECT_EQ(profile.device_name, "CPU Test");
  EXPECT_GT(profile.process_id, 0);
}

TEST(ScopeTest, ScopesComeInOrderOfTheirEnd) {
  start_recording({});
  {
    const Scope outer(Phase::kSampling, "outer");
    const Scope inner(Phase::kSolver, "inner");
  }
  const Profile profile = stop_recording();
  ASSERT_EQ(profile.scopes.size(), 2u);
  EXPECT_EQ(profile.strings[profile.scopes[0].name], "inner");
}

TEST(ScopeTest, EachThreadNestsAlone) {
  constexpr int kThreads = 4;
  constexpr int kRepeats = 5000;
  start_recording({});
  {
    const Scope main(Phase::kSampling, "main");
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([i] {
        for (int k = 0; k < kRepeats; ++k) {
          const Scope outer(Phase::kEvaluation, "outer", {.step = i, .evaluation = k});
          const Scope inner(Phase::kBlock, "inner", {.block = k});
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  }
  const Profile profile = stop_recording();
  ASSERT_EQ(profile.scopes.size(), 1u + 2u * kThreads * kRepeats);
  std::map<std::int64_t, ScopeRecord> by_id;
  for (const ScopeRecord& scope : profile.scopes) {
    EXPECT_TRUE(by_id.emplace(scope.id, scope).second) << "ids are unique";
  }
  for (const ScopeRecord& scope : profile.scopes) {
    if (scope.block == kNone) {
      EXPECT_EQ(scope.parent, kNone) << "another thread's scope is no parent";
      continue;
    }
    const ScopeRecord& outer = by_id.at(scope.parent);
    ASSERT_EQ(outer.thread, scope.thread);
    ASSERT_EQ(outer.evaluation, scope.block);
    ASSERT_EQ(scope.step, outer.step);
  }
}

TEST(ScopeTest, AScopeOpenAtTheStopEndsThereAndClosesNothingOfTheNextRecording) {
  start_recording({});
  std::optional<Scope> late;
  late.emplace(Phase::kSampling, "late");
  const Profile first = stop_recording();
  ASSERT_EQ(first.scopes.size(), 1u);
  EXPECT_GE(first.scopes[0].end_ns, first.scopes[0].begin_ns);
  start_recording({});
  {
    const Scope next(Phase::kSampling, "next");
    late.reset();
    const Scope inner(Phase::kBlock, "inner");
  }
  const auto scopes = by_name(stop_recording());
  ASSERT_EQ(scopes.size(), 2u);
  EXPECT_EQ(scopes.at("inner").parent, scopes.at("next").id);
}

TEST(ScopeTest, StoppingWhileThreadsRecordKeepsParents) {
  std::atomic<bool> go_on{true};
  std::atomic<int> rounds{0};
  start_recording({});
  std::thread thread([&] {
    while (go_on) {
      const Scope outer(Phase::kEvaluation, "outer");
      const Scope inner(Phase::kBlock, "inner");
      ++rounds;
    }
  });
  while (rounds < 100) {
    std::this_thread::yield();
  }
  const Profile profile = stop_recording();
  go_on = false;
  thread.join();
  EXPECT_GT(profile.scopes.size(), 100u);
  std::map<std::int64_t, int> ids;
  for (const ScopeRecord& scope : profile.scopes) {
    ids[scope.id] = 1;
  }
  for (const ScopeRecord& scope : profile.scopes) {
    EXPECT_TRUE(scope.parent == kNone || ids.contains(scope.parent));
  }
}

TEST(ScopeTest, RangesAreBalancedAndSayWhatTheScopeIs) {
  pushed_texts.clear();
  open_ranges = 0;
  set_cell(2);
  start_recording({.mode = Mode::kNvtx, .ranges = &kSink});
  std::optional<Scope> outlives;
  outlives.emplace(Phase::kEvaluation, "uncertainty_exit", ScopeFields{.step = 12, .evaluation = 12, .t = 0.5});
  { const Scope block(Phase::kBlock, "a=b;c", {.block = 7, .rows = 64, .rows_inside = 40}); }
  const Profile profile = stop_recording();
  set_cell(kNone);
  EXPECT_THAT(pushed_texts, ElementsAre("p=evaluation;n=uncertainty_exit;c=2;s=12;e=12;t=0.5",
                                        "p=block;n=a_b_c;c=2;s=12;e=12;t=0.5;b=7;r=64;i=40"));
  EXPECT_EQ(open_ranges, 1);
  outlives.reset();
  EXPECT_EQ(open_ranges, 0);
  EXPECT_THAT(profile.scopes, IsEmpty()) << "ranges alone leave no records";
}

TEST(ScopeTest, TheLongestRangeTextFits) {
  ScopeRecord scope;
  scope.phase = Phase::kEvaluation;
  scope.cell = scope.step = scope.evaluation = scope.block = scope.rows = scope.rows_inside =
      std::numeric_limits<std::int64_t>::min();
  scope.t = -1.2345678e-300;
  char text[kRangeTextBytes];
  const std::size_t length = write_range_text(text, scope, std::string(1000, 'x'));
  EXPECT_LT(length, kRangeTextBytes);
  EXPECT_EQ(std::string(text).size(), length);
  EXPECT_THAT(text, testing::EndsWith(";i=-9223372036854775808"));
  EXPECT_THAT(text, testing::HasSubstr(";t=-1.23457e-300;"));
}

}  // namespace
}  // namespace diffbench::profiling
