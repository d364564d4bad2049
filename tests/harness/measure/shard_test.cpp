// Pieces of quality samples: whatever ranks and batches made them, the same rows come out.

#include "harness/measure/shard.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <random>

namespace diffbench::measure {
namespace {

constexpr int64_t kWidth = 5;

at::Tensor features_of(int64_t first, int64_t count) {
  return at::arange(first * kWidth, (first + count) * kWidth, at::kFloat).reshape({count, kWidth}) / 7;
}

at::Tensor samples_of(int64_t first, int64_t count) {
  return at::arange(first * 4, (first + count) * 4, at::kFloat).reshape({count, 1, 2, 2}).sin();
}

at::Tensor images_of(int64_t first, int64_t count) {
  return (at::arange(first * 4, (first + count) * 4, at::kLong) % 251).to(at::kByte).reshape({count, 1, 2, 2});
}

ShardPart part_of(const SampleRange& range, int64_t kept_images = 3) {
  const int64_t kept = std::clamp<int64_t>(kept_images - range.first, 0, range.count);
  return make_part(range, {{.features = features_of(range.first, range.count)}}, samples_of(range.first, range.count),
                   images_of(range.first, kept), kept);
}

ShardPart over_the_wire(const ShardPart& part) {
  return nlohmann::json::from_cbor(nlohmann::json::to_cbor(nlohmann::json(part))).get<ShardPart>();
}

void expect_rows(const std::vector<ShardPart>& shards, const ShardPlan& plan) {
  ASSERT_EQ(shards.size(), static_cast<size_t>(plan.shard_count()));
  Checksum all;
  int64_t next = 0;
  std::vector<float> features;
  for (const auto& shard : shards) {
    const auto row = feature_shard_row(17, 1, shard);
    EXPECT_EQ(row.cell, 17);
    EXPECT_EQ(row.first_sample, next);
    EXPECT_EQ(row.width, kWidth);
    next += row.sample_count;
    features.insert(features.end(), row.features.begin(), row.features.end());
    all.add_hex(row.sample_checksum);
  }
  EXPECT_EQ(next, plan.samples);
  const auto expected = features_of(0, plan.samples);
  EXPECT_TRUE(std::equal(features.begin(), features.end(), expected.const_data_ptr<float>(),
                         expected.const_data_ptr<float>() + expected.numel()));
  Checksum whole;
  whole.add_samples(samples_of(0, plan.samples), 0);
  EXPECT_EQ(all.hex(), whole.hex());
}

TEST(Shards, RowsMergeWhateverTheRanksAndBatches) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    const ShardPlan plan{.samples = 1 + static_cast<int64_t>(random() % 70),
                         .shard = 1 + static_cast<int64_t>(random() % 30),
                         .batch = 1 + static_cast<int64_t>(random() % 20),
                         .whole_batches = random() % 2 == 0};
    std::vector<ShardPart> parts;
    for (int shard = 0; shard < plan.shard_count(); ++shard) {
      for (const auto& range : plan.batches(shard)) {
        parts.push_back(over_the_wire(part_of(range)));
      }
    }
    std::shuffle(parts.begin(), parts.end(), random);  // ranks in any order
    SCOPED_TRACE(::testing::Message() << plan.samples << " samples, shards of " << plan.shard << ", batches of "
                                      << plan.batch << (plan.whole_batches ? ", whole" : ""));
    expect_rows(merge_parts(std::move(parts)), plan);
  }
}

TEST(Shards, TheLastPieceMayBeOneSample) {
  const ShardPlan plan{.samples = 513, .shard = 512, .batch = 64};
  ASSERT_EQ(plan.shard_count(), 2);
  const auto last = plan.batches(1);
  ASSERT_EQ(last.size(), 1U);
  EXPECT_EQ(last[0].first, 512);
  EXPECT_EQ(last[0].count, 1);
  EXPECT_EQ(feature_shard_row(1, 1, merge_parts({part_of(last[0])})[0]).sample_count, 1);
}

TEST(Shards, WholeBatchesStartAtTheSameSamplesWhateverTheShards) {
  for (const int64_t shard : {1, 7, 64, 100, 512}) {
    const ShardPlan plan{.samples = 210, .shard = shard, .batch = 64, .whole_batches = true};
    std::vector<int64_t> firsts;
    int64_t samples = 0;
    for (int number = 0; number < plan.shard_count(); ++number) {
      for (const auto& range : plan.batches(number)) {
        firsts.push_back(range.first);
        EXPECT_EQ(range.made, 64) << shard;
        samples += range.count;
      }
    }
    EXPECT_THAT(firsts, ::testing::ElementsAre(0, 64, 128, 192)) << shard;
    EXPECT_EQ(samples, 210);
  }
}

TEST(Shards, GapsAndRepeatedSamplesAreBugs) {
  const auto first = part_of({.shard = 0, .first = 0, .count = 4, .made = 4});
  EXPECT_THROW(merge_parts({first, part_of({.shard = 0, .first = 5, .count = 4, .made = 4})}), std::logic_error);
  EXPECT_THROW(merge_parts({first, part_of({.shard = 0, .first = 3, .count = 4, .made = 4})}), std::logic_error);
}

TEST(Shards, ImagesAreTheFirstOfTheRun) {
  const ShardPlan plan{.samples = 10, .shard = 10, .batch = 2};
  std::vector<ShardPart> parts;
  for (const auto& range : plan.batches(0)) {
    parts.push_back(part_of(range, 3));
  }
  Model model;
  model.network.classes = 2;
  const auto rows = sample_rows(4, merge_parts(std::move(parts))[0], model);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[2].sample_index, 2);
  EXPECT_EQ(rows[1].label, 1);
  EXPECT_THAT(rows[2].pixels, ::testing::ElementsAre(8, 9, 10, 11));
}

TEST(Checksum, IsOfSamplesAndTheirNumbers) {
  const auto samples = samples_of(0, 6);
  Checksum whole;
  whole.add_samples(samples, 0);
  Checksum parts;
  parts.add_samples(samples.narrow(0, 4, 2), 4);
  parts.add_samples(samples.narrow(0, 0, 4), 0);
  EXPECT_EQ(parts.hex(), whole.hex());
  Checksum swapped;
  swapped.add_samples(samples.flip(0), 0);
  EXPECT_NE(swapped.hex(), whole.hex());
  auto changed = samples.clone();
  changed[5][0][1][1] += 1e-6;
  Checksum other;
  other.add_samples(changed, 0);
  EXPECT_NE(other.hex(), whole.hex());
}

}  // namespace
}  // namespace diffbench::measure
