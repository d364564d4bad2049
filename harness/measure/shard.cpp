#include "harness/measure/shard.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <stdexcept>

#include "harness/ranks/exchange.h"
#include "methods/data/sha256.h"

namespace diffbench::measure {
namespace {

int64_t divided_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace

int64_t ShardPlan::samples_per_shard() const { return whole_batches ? divided_up(shard, batch) * batch : shard; }

int ShardPlan::shard_count() const { return static_cast<int>(divided_up(samples, samples_per_shard())); }

std::vector<SampleRange> ShardPlan::batches(int shard_number) const {
  std::vector<SampleRange> ranges;
  const int64_t begin = shard_number * samples_per_shard();
  const int64_t end = std::min(samples, begin + samples_per_shard());
  for (int64_t first = begin; first < end; first += batch) {
    const int64_t count = std::min(batch, end - first);
    ranges.push_back({.shard = shard_number, .first = first, .count = count, .made = whole_batches ? batch : count});
  }
  return ranges;
}

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
  Checksum checksum;
  checksum.add_samples(samples, range.first);
  const auto rows = features.to(at::kCPU, at::kFloat).contiguous();
  const auto* numbers = rows.const_data_ptr<float>();
  const auto pixels = kept.to(at::kCPU).permute({0, 2, 3, 1}).contiguous();
  const auto* data = pixels.const_data_ptr<uint8_t>();
  return {.range = range,
          .features = std::vector<float>(numbers, numbers + rows.numel()),
          .checksum = checksum.value(),
          .image_shape = kept.sizes().slice(1).vec(),
          .images = std::vector<uint8_t>(data, data + pixels.numel())};
}

void to_json(nlohmann::json& json, const ShardPart& part) {
  const auto& range = part.range;
  json = {{"range", {range.shard, range.first, range.count, range.made}},
          {"features", ranks::to_blob(part.features)},
          {"checksum", part.checksum},
          {"image_shape", part.image_shape},
          {"images", ranks::to_blob(part.images)}};
}

void from_json(const nlohmann::json& json, ShardPart& part) {
  const auto& range = json.at("range");
  part = {.range = {.shard = range[0], .first = range[1], .count = range[2], .made = range[3]},
          .features = ranks::from_blob<float>(json.at("features")),
          .checksum = json.at("checksum"),
          .image_shape = json.at("image_shape"),
          .images = ranks::from_blob<uint8_t>(json.at("images"))};
}

std::vector<ShardPart> merge_parts(std::vector<ShardPart> parts) {
  std::sort(parts.begin(), parts.end(),
            [](const ShardPart& a, const ShardPart& b) { return a.range.first < b.range.first; });
  std::vector<ShardPart> shards;
  for (auto& part : parts) {
    if (shards.empty() || shards.back().range.shard != part.range.shard) {
      shards.push_back(std::move(part));
      continue;
    }
    ShardPart& whole = shards.back();
    if (part.range.first != whole.range.first + whole.range.count) {
      throw std::logic_error("shard " + std::to_string(part.range.shard) + ": sample " +
                             std::to_string(part.range.first) + " does not follow on " +
                             std::to_string(whole.range.first + whole.range.count - 1));
    }
    whole.range.count += part.range.count;
    whole.range.made += part.range.made;
    whole.checksum += part.checksum;
    whole.features.insert(whole.features.end(), part.features.begin(), part.features.end());
    whole.images.insert(whole.images.end(), part.images.begin(), part.images.end());
  }
  return shards;
}

results::FeatureShardRow feature_shard_row(int64_t cell, const ShardPart& shard) {
  Checksum checksum;
  checksum.add(shard.checksum);
  return {.cell = cell,
          .shard = shard.range.shard,
          .first_sample = shard.range.first,
          .sample_count = shard.range.count,
          .width = static_cast<int64_t>(shard.features.size()) / shard.range.count,
          .features = shard.features,
          .sample_checksum = checksum.hex()};
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
