#pragma once
// What one rank found out about a batch of samples, and how the batches of all ranks become the stored shards.
//
//   ShardPart part = make_part(range, features, samples, kept_images);      // on each rank
//   Bytes bytes = pack_parts(parts);                                        // travels to rank 0
//   for (const auto& [shard, whole] : merge_parts(gathered)) store->add_feature_shard(feature_shard_row(cell, whole));

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/quality/feature_statistics.h"
#include "harness/ranks/communicator.h"
#include "methods/model/model.h"
#include "results/rows.h"

namespace diffbench::measure {

struct SampleRange {
  int shard = 0;
  int64_t first = 0;
  int64_t count = 0;
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

struct ShardPart {
  SampleRange range;
  std::vector<double> statistics;  // quality::FeatureStatistics::to_vector, centre 0
  uint64_t checksum = 0;
  std::vector<int64_t> image_shape;  // [C, H, W]
  std::vector<uint8_t> images;       // the first images of the run, [n, H, W, C] of those in this range
};

// features [B, D]; samples [B,C,H,W] as sampled; kept [n,C,H,W] uint8, n <= B: the first n of the range
ShardPart make_part(const SampleRange& range, const at::Tensor& features, const at::Tensor& samples,
                    const at::Tensor& kept);

ranks::Bytes pack_parts(const std::vector<ShardPart>& parts);
// by shard; parts are added in the order of their samples
std::map<int, ShardPart> merge_parts(const std::vector<ranks::Bytes>& gathered);

results::FeatureShardRow feature_shard_row(int64_t cell, const ShardPart& shard);
std::vector<results::SampleRow> sample_rows(int64_t cell, const ShardPart& shard, const Model& model);
quality::FeatureStatistics statistics_of(const results::FeatureShardRow& row);

}  // namespace diffbench::measure
