#include "methods/exits/block_times.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "methods/config/input_error.h"
#include "methods/model/timed.h"

namespace diffbench::exits {
namespace {

constexpr int kRepetitions = 5;  // the fastest counts: what disturbs a measurement only adds to it

template <typename Work>
double fastest_ns(const at::Device& device, const Work& work) {
  const Compute compute{.device = device};
  double fastest = std::numeric_limits<double>::infinity();
  for (int i = 0; i <= kRepetitions; ++i) {
    const auto ns = static_cast<double>(timed_ns(compute, work));
    fastest = i == 0 ? fastest : std::min(fastest, ns);  // the first warms caches
  }
  return fastest;
}

}  // namespace

BlockTimes BlockTimes::measure(backbones::Backbone& backbone, const backbones::Hidden& example, int64_t max_rows) {
  std::vector<int64_t> counts;
  for (int64_t count = 1; count < max_rows; count *= 2) {
    counts.push_back(count);
  }
  counts.push_back(max_rows);
  const auto device = example.tokens.device();
  std::vector<std::pair<int64_t, double>> block_ns;
  for (const int64_t count : counts) {
    std::vector<int64_t> rows;
    for (int64_t i = 0; i < count; ++i) {
      rows.push_back(i % example.tokens.size(0));
    }
    const auto hidden = example.select(rows, false);
    const double ns = fastest_ns(device, [&] {
      auto work = hidden;
      backbone.transform(backbone.block_count() / 2, work);
    });
    block_ns.emplace_back(count, ns);
  }
  const auto tokens = example.tokens.contiguous();
  auto target = at::empty_like(tokens);
  const double bytes = static_cast<double>(tokens.numel()) * static_cast<double>(tokens.element_size());
  const double copy_ns = fastest_ns(device, [&] { target.copy_(tokens); });
  return {std::move(block_ns), copy_ns / bytes};
}

nlohmann::json BlockTimes::to_json() const {
  auto blocks = nlohmann::json::array();
  for (const auto& [rows, ns] : block_ns_) {
    blocks.push_back({{"rows", rows}, {"ns", ns}});
  }
  return {{"block", std::move(blocks)}, {"move_ns_per_byte", move_ns_per_byte_}};
}

BlockTimes BlockTimes::from_json(const nlohmann::json& json) {
  try {
    std::vector<std::pair<int64_t, double>> block_ns;
    for (const auto& entry : json.at("block")) {
      block_ns.emplace_back(entry.at("rows").get<int64_t>(), entry.at("ns").get<double>());
      const bool rising = block_ns.size() == 1 || block_ns.back().first > block_ns[block_ns.size() - 2].first;
      if (block_ns.back().first < 1 || !rising) {
        throw config::InputError("block_times: rows must rise from 1 or more: " + json.dump());
      }
    }
    if (block_ns.empty()) {
      throw config::InputError("block_times: no block was timed: " + json.dump());
    }
    return {std::move(block_ns), json.at("move_ns_per_byte").get<double>()};
  } catch (const nlohmann::json::exception& error) {
    throw config::InputError(std::string("block_times: ") + error.what() + ": " + json.dump());
  }
}

double BlockTimes::block_ns(int64_t rows) const {
  if (rows >= max_rows()) {
    return block_ns_.back().second * static_cast<double>(rows) / static_cast<double>(max_rows());
  }
  const auto above =
      std::find_if(block_ns_.begin(), block_ns_.end(), [&](const auto& entry) { return entry.first >= rows; });
  if (above == block_ns_.begin()) {
    return rows <= 0 ? 0.0 : above->second;
  }
  const auto below = std::prev(above);
  const double share = static_cast<double>(rows - below->first) / static_cast<double>(above->first - below->first);
  return std::lerp(below->second, above->second, share);
}

}  // namespace diffbench::exits
