#include "harness/measure/shard.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <stdexcept>
#include <tuple>

#include "harness/ranks/exchange.h"
#include "methods/data/sha256.h"

namespace diffbench::measure {
namespace {

int64_t divided_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

// of an undefined tensor: none
template <typename T>
std::vector<T> values_of(const at::Tensor& tensor) {
  if (!tensor.defined()) return {};
  const auto host = tensor.to(at::kCPU, c10::CppTypeToScalarType<T>::value).contiguous();
  const auto* values = host.template const_data_ptr<T>();
  return std::vector<T>(values, values + host.numel());
}

template <typename T>
void append(std::vector<T>& whole, const std::vector<T>& part) {
  whole.insert(whole.end(), part.begin(), part.end());
}

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

ShardPart make_part(const SampleRange& range, const std::vector<quality::Extracted>& extracted,
                    const at::Tensor& samples, const at::Tensor& images, int64_t shown) {
  Checksum checksum;
  checksum.add_samples(samples, range.first);
  ShardPart part{.range = range,
                 .checksum = checksum.value(),
                 .image_shape = images.sizes().slice(1).vec(),
                 .shown = shown,
                 .images = values_of<uint8_t>(images)};
  for (const auto& of_network : extracted) {
    part.networks.push_back({.features = values_of<float>(of_network.features),
                             .logits = values_of<float>(of_network.logits),
                             .spatial = values_of<float>(of_network.spatial)});
  }
  return part;
}

void to_json(nlohmann::json& json, const NetworkRows& rows) {
  json = {{"features", ranks::to_blob(rows.features)},
          {"logits", ranks::to_blob(rows.logits)},
          {"spatial", ranks::to_blob(rows.spatial)}};
}

void from_json(const nlohmann::json& json, NetworkRows& rows) {
  rows = {.features = ranks::from_blob<float>(json.at("features")),
          .logits = ranks::from_blob<float>(json.at("logits")),
          .spatial = ranks::from_blob<float>(json.at("spatial"))};
}

void to_json(nlohmann::json& json, const ShardPart& part) {
  const auto& range = part.range;
  json = {{"range", {range.shard, range.first, range.count, range.made}},
          {"networks", part.networks},
          {"checksum", part.checksum},
          {"image_shape", part.image_shape},
          {"shown", part.shown},
          {"images", ranks::to_blob(part.images)}};
}

void from_json(const nlohmann::json& json, ShardPart& part) {
  const auto& range = json.at("range");
  part = {.range = {.shard = range[0], .first = range[1], .count = range[2], .made = range[3]},
          .networks = json.at("networks").get<std::vector<NetworkRows>>(),
          .checksum = json.at("checksum"),
          .image_shape = json.at("image_shape"),
          .shown = json.at("shown"),
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
    for (size_t i = 0; i < whole.networks.size(); ++i) {
      append(whole.networks[i].features, part.networks[i].features);
      append(whole.networks[i].logits, part.networks[i].logits);
      append(whole.networks[i].spatial, part.networks[i].spatial);
    }
    whole.shown += part.shown;
    append(whole.images, part.images);
  }
  return shards;
}

std::optional<ShardPart> ShardBuilder::add(int64_t cell, const ShardPlan& plan, ShardPart part) {
  const std::pair place(cell, part.range.shard);
  auto& parts = begun_[place];
  parts.push_back(std::move(part));
  if (parts.size() < plan.batches(place.second).size()) return std::nullopt;
  auto whole = merge_parts(std::move(parts));
  begun_.erase(place);
  return std::move(whole.front());
}

results::FeatureShardRow feature_shard_row(int64_t cell, int extractor, const ShardPart& shard) {
  Checksum checksum;
  checksum.add(shard.checksum);
  const auto& rows = shard.networks.at(static_cast<size_t>(extractor) - 1);
  return {.cell = cell,
          .extractor = extractor,
          .shard = shard.range.shard,
          .first_sample = shard.range.first,
          .sample_count = shard.range.count,
          .width = static_cast<int64_t>(rows.features.size()) / shard.range.count,
          .features = rows.features,
          .logits = rows.logits,
          .spatial = rows.spatial,
          .sample_checksum = checksum.hex()};
}

results::ImageShardRow image_shard_row(int64_t cell, const ShardPart& shard) {
  return {.cell = cell,
          .shard = shard.range.shard,
          .first_sample = shard.range.first,
          .sample_count = shard.range.count,
          .channels = shard.image_shape[0],
          .height = shard.image_shape[1],
          .width = shard.image_shape[2],
          .pixels = shard.images};
}

std::vector<results::SampleRow> sample_rows(int64_t cell, const ShardPart& shard, const Model& model) {
  std::vector<results::SampleRow> rows;
  const auto& [channels, height, width] = std::tuple(shard.image_shape[0], shard.image_shape[1], shard.image_shape[2]);
  if (channels != 1 && channels != 3) return rows;  // nothing that can be shown
  const int64_t classes = model.network.classes;
  for (int64_t i = 0; i < shard.shown; ++i) {
    const auto* pixels = shard.images.data() + i * channels * height * width;  // [C, H, W], shown as [H, W, C]
    std::vector<uint8_t> by_pixel(static_cast<size_t>(channels * height * width));
    for (int64_t at = 0; at < height * width; ++at) {
      for (int64_t channel = 0; channel < channels; ++channel) {
        by_pixel[static_cast<size_t>(at * channels + channel)] = pixels[channel * height * width + at];
      }
    }
    const int64_t sample = shard.range.first + i;
    rows.push_back({.cell = cell,
                    .sample_index = sample,
                    .label = classes > 0 ? std::optional(sample % classes) : std::nullopt,
                    .width = static_cast<int>(width),
                    .height = static_cast<int>(height),
                    .channels = static_cast<int>(channels),
                    .pixels = std::move(by_pixel)});
  }
  return rows;
}

}  // namespace diffbench::measure
