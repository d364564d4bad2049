#pragma once
// Quality samples in pieces: which batches a shard is made of, what a rank found out about a batch, and how the batches
// of all ranks become the stored shards.
//
//   const ShardPlan plan{.samples = 2048, .shard = 512, .batch = 64};
//   for (const SampleRange& range : plan.batches(3)) parts.push_back(make_part(range, extracted, samples, images, 8));
//   for (const ShardPart& whole : merge_parts(parts)) store.add_feature_shard(feature_shard_row(cell, 1, whole));
//
// A shard is a resumable piece of work and nothing else: its feature rows are concatenated in the order of their
// samples, whatever ranks and batches made them, and statistics are computed from the rows afterwards.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/quality/extractor.h"
#include "methods/model/model.h"
#include "results/rows.h"

namespace diffbench::measure {

// samples first .. first + count - 1, the first of the `made` samples of one batch
struct SampleRange {
  int shard = 0;
  int64_t first = 0;
  int64_t count = 0;
  int64_t made = 0;  // rows in the batch; more than count only where batches have to be whole
};

struct ShardPlan {
  int64_t samples = 0;
  int64_t shard = 0;  // samples per shard, as asked for
  int64_t batch = 0;
  // For methods that decide for a whole batch: batches start at multiples of `batch` whatever the shards (which are
  // rounded up to whole batches) and all have `batch` rows; what the last one has too many is thrown away.
  bool whole_batches = false;

  int64_t samples_per_shard() const;
  int shard_count() const;
  std::vector<SampleRange> batches(int shard_number) const;
};

// The sum modulo 2^64 of one hash per sample (its number and its bytes): the same whatever the order, and different as
// soon as one bit of one sample is.
class Checksum {
 public:
  void add_samples(const at::Tensor& samples, int64_t first_sample);  // [B, ...]
  void add(uint64_t other) { sum_ += other; }
  void add_hex(const std::string& hex);
  uint64_t value() const { return sum_; }
  std::string hex() const;  // 16 digits

 private:
  uint64_t sum_ = 0;
};

// what one network says of the samples of a range
struct NetworkRows {
  std::vector<float> features;  // [count, width]
  std::vector<float> logits;    // [count, classes]; empty: it gives none
  std::vector<float> spatial;   // [count, S]; empty: it gives none
};

struct ShardPart {
  SampleRange range;
  std::vector<NetworkRows> networks{};
  uint64_t checksum = 0;
  std::vector<int64_t> image_shape{};  // [C, H, W]
  int64_t shown = 0;                   // of the first images of the run, to look at: how many lie in this range
  std::vector<uint8_t> images{};       // [n, C, H, W]: the first `shown` of the range, or all of it
};

// samples [B,C,H,W] as sampled; images uint8: the first n of the range, or all of it
ShardPart make_part(const SampleRange& range, const std::vector<quality::Extracted>& extracted,
                    const at::Tensor& samples, const at::Tensor& images, int64_t shown);

// between ranks (harness/ranks/exchange.h)
void to_json(nlohmann::json& json, const ShardPart& part);
void from_json(const nlohmann::json& json, ShardPart& part);

// one part per shard, by shard; std::logic_error where the samples of a shard do not follow on each other
std::vector<ShardPart> merge_parts(std::vector<ShardPart> parts);

// The batches of several cells as they come in, in any order: keeps a shard's until it has them all.
//
//   if (auto shard = builder.add(cell, plan, part)) store(*shard);
class ShardBuilder {
 public:
  std::optional<ShardPart> add(int64_t cell, const ShardPlan& plan, ShardPart part);

 private:
  std::map<std::pair<int64_t, int>, std::vector<ShardPart>> begun_;  // by cell and shard
};

results::FeatureShardRow feature_shard_row(int64_t cell, int extractor, const ShardPart& shard);  // extractor: from 1
results::ImageShardRow image_shard_row(int64_t cell, const ShardPart& shard);
std::vector<results::SampleRow> sample_rows(int64_t cell, const ShardPart& shard, const Model& model);

}  // namespace diffbench::measure
