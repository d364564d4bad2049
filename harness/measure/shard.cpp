#include "harness/measure/shard.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>

#include "harness/measure/rank_message.h"
#include "methods/data/sha256.h"

namespace diffbench::measure {
namespace {

void append(ranks::Bytes& bytes, const ranks::Bytes& part) {
  const auto size = pack(std::vector<uint64_t>{part.size()});
  bytes.insert(bytes.end(), size.begin(), size.end());
  bytes.insert(bytes.end(), part.begin(), part.end());
}

class Reader {
 public:
  explicit Reader(const ranks::Bytes& bytes) : bytes_(bytes) {}
  bool at_end() const { return at_ == bytes_.size(); }
  template <typename T>
  std::vector<T> next() {
    uint64_t size = 0;
    std::memcpy(&size, bytes_.data() + at_, sizeof size);
    at_ += sizeof size;
    const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(at_);
    at_ += size;
    return unpack<T>(ranks::Bytes(begin, begin + static_cast<std::ptrdiff_t>(size)));
  }

 private:
  const ranks::Bytes& bytes_;
  size_t at_ = 0;
};

// D from 1 + D + D (D + 1) / 2 numbers
size_t width_of(size_t vector_size) {
  size_t width = 0;
  while (quality::FeatureStatistics::vector_size(static_cast<int64_t>(width)) < vector_size) {
    ++width;
  }
  return width;
}

}  // namespace

void Checksum::add_samples(const at::Tensor& samples, int64_t first_sample) {
  const auto host = samples.to(at::kCPU).contiguous();
  const int64_t row_bytes = host.numel() / host.size(0) * static_cast<int64_t>(host.element_size());
  const auto* bytes = static_cast<const char*>(host.const_data_ptr());
  for (int64_t row = 0; row < host.size(0); ++row) {
    std::string message = std::to_string(first_sample + row) + ":";
    message.append(bytes + row * row_bytes, static_cast<size_t>(row_bytes));
    add_hex(data::sha256(message).substr(0, 16));
  }
}

void Checksum::add_hex(const std::string& hex) { sum_ += std::stoull(hex, nullptr, 16); }

std::string Checksum::hex() const {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(sum_));
  return text;
}

ShardPart make_part(const SampleRange& range, const at::Tensor& features, const at::Tensor& samples,
                    const at::Tensor& kept) {
  quality::FeatureStatistics statistics(features.size(1));
  statistics.add(features);
  Checksum checksum;
  checksum.add_samples(samples, range.first);
  const auto pixels = kept.permute({0, 2, 3, 1}).contiguous();
  const auto* data = pixels.const_data_ptr<uint8_t>();
  return {.range = range,
          .statistics = statistics.to_vector(),
          .checksum = checksum.value(),
          .image_shape = kept.sizes().slice(1).vec(),
          .images = std::vector<uint8_t>(data, data + pixels.numel())};
}

ranks::Bytes pack_parts(const std::vector<ShardPart>& parts) {
  ranks::Bytes bytes;
  for (const auto& part : parts) {
    append(bytes, pack(std::vector<int64_t>{part.range.shard, part.range.first, part.range.count}));
    append(bytes, pack(part.statistics));
    append(bytes, pack(std::vector<uint64_t>{part.checksum}));
    append(bytes, pack(part.image_shape));
    append(bytes, pack(part.images));
  }
  return bytes;
}

std::map<int, ShardPart> merge_parts(const std::vector<ranks::Bytes>& gathered) {
  std::vector<ShardPart> parts;
  for (const auto& bytes : gathered) {
    for (Reader reader(bytes); !reader.at_end();) {
      const auto range = reader.next<int64_t>();
      ShardPart part;
      part.range = {static_cast<int>(range[0]), range[1], range[2]};
      part.statistics = reader.next<double>();
      part.checksum = reader.next<uint64_t>()[0];
      part.image_shape = reader.next<int64_t>();
      part.images = reader.next<uint8_t>();
      parts.push_back(std::move(part));
    }
  }
  std::sort(parts.begin(), parts.end(),
            [](const ShardPart& a, const ShardPart& b) { return a.range.first < b.range.first; });
  std::map<int, ShardPart> shards;
  for (auto& part : parts) {
    const auto [found, is_new] = shards.try_emplace(part.range.shard, part);
    if (!is_new) {
      ShardPart& whole = found->second;
      whole.range.count += part.range.count;
      whole.checksum += part.checksum;
      std::transform(whole.statistics.begin(), whole.statistics.end(), part.statistics.begin(),
                     whole.statistics.begin(), std::plus<>());
      whole.images.insert(whole.images.end(), part.images.begin(), part.images.end());
    }
  }
  return shards;
}

results::FeatureShardRow feature_shard_row(int64_t cell, const ShardPart& shard) {
  const size_t width = width_of(shard.statistics.size());
  Checksum checksum;
  checksum.add(shard.checksum);
  results::FeatureShardRow row{.cell = cell,
                               .shard = shard.range.shard,
                               .first_sample = shard.range.first,
                               .sample_count = shard.range.count,
                               .sample_checksum = checksum.hex()};
  const auto sums = shard.statistics.begin() + 1;  // after the count
  row.feature_sum.assign(sums, sums + static_cast<std::ptrdiff_t>(width));
  row.feature_outer.resize(width * width);
  auto next = sums + static_cast<std::ptrdiff_t>(width);
  for (size_t i = 0; i < width; ++i) {
    for (size_t j = i; j < width; ++j) {
      row.feature_outer[i * width + j] = row.feature_outer[j * width + i] = *next++;
    }
  }
  return row;
}

quality::FeatureStatistics statistics_of(const results::FeatureShardRow& row) {
  const size_t width = row.feature_sum.size();
  std::vector<double> values{static_cast<double>(row.sample_count)};
  values.insert(values.end(), row.feature_sum.begin(), row.feature_sum.end());
  for (size_t i = 0; i < width; ++i) {
    const auto begin = row.feature_outer.begin() + static_cast<std::ptrdiff_t>(i * width);
    values.insert(values.end(), begin + static_cast<std::ptrdiff_t>(i), begin + static_cast<std::ptrdiff_t>(width));
  }
  const auto centre = at::zeros({static_cast<int64_t>(width)}, at::TensorOptions(at::kDouble));
  return quality::FeatureStatistics::from_vector(centre, values);
}

std::vector<results::SampleRow> sample_rows(int64_t cell, const ShardPart& shard, const Model& model) {
  std::vector<results::SampleRow> rows;
  const int64_t pixels = shard.image_shape[0] * shard.image_shape[1] * shard.image_shape[2];
  if (shard.image_shape[0] != 1 && shard.image_shape[0] != 3) {
    return rows;  // nothing that can be shown
  }
  const auto count = static_cast<int64_t>(shard.images.size()) / pixels;
  for (int64_t i = 0; i < count; ++i) {
    const auto begin = shard.images.begin() + static_cast<std::ptrdiff_t>(i * pixels);
    const int64_t sample = shard.range.first + i;
    const int64_t classes = model.network.classes;
    rows.push_back({.cell = cell,
                    .sample_index = sample,
                    .label = classes > 0 ? std::optional(sample % classes) : std::nullopt,
                    .width = static_cast<int>(shard.image_shape[2]),
                    .height = static_cast<int>(shard.image_shape[1]),
                    .channels = static_cast<int>(shard.image_shape[0]),
                    .pixels = std::vector<uint8_t>(begin, begin + static_cast<std::ptrdiff_t>(pixels))});
  }
  return rows;
}

}  // namespace diffbench::measure
