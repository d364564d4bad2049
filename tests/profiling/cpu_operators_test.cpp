#include "profiling/cpu_operators.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <cmath>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include "profiling/attribution.h"
#include "profiling/recorder.h"
#include "profiling/scope.h"

namespace diffbench::profiling {
namespace {

std::map<std::string, int> counts(const Profile& profile) {
  std::map<std::string, int> sum;
  for (const Activity& activity : profile.activities) {
    ++sum[profile.strings.at(activity.name)];
  }
  return sum;
}

const Activity& first(const Profile& profile, const std::string& name) {
  for (const Activity& activity : profile.activities) {
    if (profile.strings.at(activity.name) == name) {
      return activity;
    }
  }
  throw std::out_of_range(name + " was not recorded");
}

template <typename Work>
Profile record(const Work& work, bool with_shapes = false) {
  const c10::InferenceMode inference;
  start_recording({.with_shapes = with_shapes, .operators = &cpu_operators()});
  work();
  return stop_recording();
}

TEST(CpuOperatorsTest, CountsTheLeavesOfAKnownNetwork) {
  const at::Tensor x = torch::randn({8, 16});
  const at::Tensor w1 = torch::randn({32, 16});
  const at::Tensor b1 = torch::randn({32});
  const at::Tensor w2 = torch::randn({4, 32});
  const at::Tensor b2 = torch::randn({4});
  const Profile profile = record([&] {
    const Scope scope(Phase::kBlock, "network");
    at::linear(at::gelu(at::linear(x, w1, b1)), w2, b2).softmax(-1);
  });
  const auto sum = counts(profile);
  EXPECT_EQ(sum.at("aten::addmm"), 2);
  EXPECT_EQ(sum.at("aten::gelu"), 1);
  EXPECT_EQ(sum.at("aten::_softmax"), 1);
  EXPECT_FALSE(sum.contains("aten::linear")) << "its addmm did the work";
  EXPECT_FALSE(sum.contains("aten::softmax"));
  for (const Activity& activity : profile.activities) {
    EXPECT_EQ(activity.attribution, Attribution::kExternal);
    EXPECT_EQ(activity.scope, profile.scopes.at(0).id);
  }
}

TEST(CpuOperatorsTest, AConvolutionByALibraryIsAnActivity) {
  for (const int64_t batch : {1, 64}) {  // LibTorch chooses the implementation by the size
    const at::Tensor image = torch::randn({batch, 16, 28, 28});
    const at::Tensor weight = torch::randn({16, 16, 3, 3});
    const Profile profile = record([&] { at::conv2d(image, weight, {}, 1, 1); }, true);
    const Activity* longest = &profile.activities.at(0);
    for (const Activity& activity : profile.activities) {
      longest = activity.end_ns - activity.begin_ns > longest->end_ns - longest->begin_ns ? &activity : longest;
    }
    EXPECT_THAT(profile.strings.at(longest->name), ::testing::HasSubstr("conv")) << "batch " << batch;
    EXPECT_EQ(longest->flops, 2.0 * static_cast<double>(batch) * 28 * 28 * 16 * 16 * 9);
  }
}

TEST(CpuOperatorsTest, ActivitiesDoNotOverlapAndLieInTheirScopes) {
  const at::Tensor q = torch::randn({2, 4, 16, 8});
  const at::Tensor image = torch::randn({2, 3, 8, 8});
  const at::Tensor weight = torch::randn({4, 3, 3, 3});
  const Profile profile = record([&] {
    for (int i = 0; i < 20; ++i) {
      const Scope outer(Phase::kEvaluation, "outer", {.evaluation = i});
      at::scaled_dot_product_attention(q, q, q);
      const Scope inner(Phase::kEmbed, "inner");
      at::conv2d(image, weight).relu_().sum();
      at::layer_norm(image, {8, 8});
    }
  });
  ASSERT_GE(profile.activities.size(), 100u);
  for (std::size_t i = 1; i < profile.activities.size(); ++i) {
    EXPECT_GE(profile.activities[i].begin_ns, profile.activities[i - 1].end_ns) << i;
  }
  const AttributionCheck check = check_attribution(profile);
  EXPECT_EQ(check.compared_count, static_cast<std::int64_t>(profile.activities.size()));
  EXPECT_GE(check.time_share(), 0.999);
  EXPECT_DOUBLE_EQ(attributed_time(profile).attributed_share(), 1.0);
}

TEST(CpuOperatorsTest, WhatAKernelCallsIsPartOfIt) {
  const at::Tensor q = torch::randn({2, 4, 16, 8});
  const at::Tensor x = torch::randn({2, 3, 8, 8});
  const auto sum = counts(record([&] {
    at::scaled_dot_product_attention(q, q, q);
    at::layer_norm(x, {8, 8});
    x.sum({1});
  }));
  EXPECT_EQ(sum.size(), 3u) << "allocations and fills inside are not activities of their own";
  EXPECT_EQ(sum.at("aten::sum"), 1);
  EXPECT_EQ(sum.at("aten::native_layer_norm"), 1);
  EXPECT_EQ(sum.at("aten::_scaled_dot_product_flash_attention_for_cpu"), 1);
}

TEST(CpuOperatorsTest, ViewsOutsideOfWorkAreActivities) {
  const at::Tensor x = torch::randn({6});
  const auto sum = counts(record([&] { x.view({2, 3}); }));
  EXPECT_EQ(sum.at("aten::view"), 1);
  EXPECT_EQ(sum.size(), 1u);
}

TEST(CpuOperatorsTest, AnActivityTakesMostOfItsOperatorsTime) {
  // were the copy of the bias the activity, the product would be lost
  const at::Tensor x = torch::randn({256, 512});
  const at::Tensor weight = torch::randn({512, 512});
  const at::Tensor bias = torch::randn({512});
  const Profile profile = record([&] {
    const Scope scope(Phase::kBlock, "linear");
    for (int i = 0; i < 20; ++i) {
      at::linear(x, weight, bias);
    }
  });
  std::int64_t time_ns = 0;
  for (const Activity& activity : profile.activities) {
    time_ns += activity.end_ns - activity.begin_ns;
  }
  EXPECT_GT(static_cast<double>(time_ns),
            0.8 * static_cast<double>(profile.scopes.at(0).end_ns - profile.scopes.at(0).begin_ns));
}

TEST(CpuOperatorsTest, OurOwnKernelsStandBetweenOperators) {
  const at::Tensor x = torch::randn({6});
  const Profile profile = record([&] {
    x.neg();
    { const Operation gate("exit_gate"); }
    x.neg();
  });
  ASSERT_EQ(profile.activities.size(), 3u);
  EXPECT_EQ(profile.strings[profile.activities[1].name], "exit_gate");
}

TEST(CpuOperatorsTest, ShapesGiveFlopsAndBytes) {
  const at::Tensor a = torch::randn({64, 256});
  const at::Tensor b = torch::randn({256, 512});
  const Profile profile = record([&] { at::cat({at::mm(a, b), at::mm(a, b)}); }, true);
  EXPECT_TRUE(profile.with_shapes);
  const Activity& product = first(profile, "aten::mm");
  EXPECT_EQ(product.flops, 2.0 * 64 * 256 * 512);
  EXPECT_EQ(product.moved_bytes, 4.0 * (64 * 256 + 256 * 512 + 64 * 512));
  EXPECT_EQ(profile.strings.at(static_cast<std::size_t>(product.shapes)), "[64,256]*4 [256,512]*4");
  const Activity& cat = first(profile, "aten::cat");
  EXPECT_EQ(cat.moved_bytes, 2.0 * 4.0 * 2 * 64 * 512) << "lists of tensors count";
}

TEST(CpuOperatorsTest, WithoutShapesThereAreNone) {
  const at::Tensor a = torch::randn({4, 4});
  const Profile profile = record([&] { at::mm(a, a); });
  EXPECT_EQ(first(profile, "aten::mm").shapes, kNone);
  EXPECT_TRUE(std::isnan(first(profile, "aten::mm").flops));
}

TEST(CpuOperatorsTest, NothingIsHeardBetweenRecordings) {
  const at::Tensor a = torch::randn({4, 4});
  record([&] { at::mm(a, a); });
  EXPECT_FALSE(at::getStepCallbacksUnlessEmpty(at::RecordScope::FUNCTION).has_value())
      << "an operator outside of recordings must not even look for us";
  at::mm(a, a);
  const Profile profile = record([] {});
  EXPECT_TRUE(profile.activities.empty());
}

TEST(CpuOperatorsTest, ThreadsHaveStreamsOfTheirOwn) {
  const at::Tensor a = torch::randn({32, 32});
  const Profile profile = record([&] {
    const auto work = [&] {
      const c10::InferenceMode inference;
      const Scope scope(Phase::kBlock, "thread");
      for (int i = 0; i < 50; ++i) {
        at::mm(a, a);
      }
    };
    std::thread other(work);
    work();
    other.join();
  });
  std::map<std::int64_t, int> by_stream;
  std::set<std::int64_t> threads;
  for (const Activity& activity : profile.activities) {
    ++by_stream[activity.stream];
    threads.insert(activity.thread);
  }
  EXPECT_THAT(by_stream, testing::ElementsAre(testing::Pair(0, 50), testing::Pair(1, 50)));
  EXPECT_EQ(threads.size(), 2u);
  EXPECT_EQ(check_attribution(profile).agreeing_count, 100);
}

}  // namespace
}  // namespace diffbench::profiling
