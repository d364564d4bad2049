#pragma once
// What a block costs on this machine by the number of rows, measured: not proportional, above all on GPUs.
//
//   const auto times = BlockTimes::measure(backbone, hidden, 64);
//   times.block_ns(48);              // interpolated between measured counts
//   times.move_ns(1 << 20);          // moving a megabyte of rows within a tensor
//   BlockTimes::from_json(times.to_json());                       // the same, to the last bit

#include <nlohmann/json_fwd.hpp>
#include <utility>
#include <vector>

#include "methods/backbones/backbone.h"

namespace diffbench::exits {

class BlockTimes {
 public:
  // times the middle block on rows like those of `example`, for 1, 2, 4, ... and max_rows rows
  static BlockTimes measure(backbones::Backbone& backbone, const backbones::Hidden& example, int64_t max_rows);
  // (rows, ns), rows rising
  BlockTimes(std::vector<std::pair<int64_t, double>> block_ns, double move_ns_per_byte)
      : block_ns_(std::move(block_ns)), move_ns_per_byte_(move_ns_per_byte) {}

  nlohmann::json to_json() const;
  static BlockTimes from_json(const nlohmann::json& json);  // InputError for another form

  // linear between measured counts; beyond the last, in proportion to it
  double block_ns(int64_t rows) const;
  double move_ns(double bytes) const { return bytes * move_ns_per_byte_; }
  int64_t max_rows() const { return block_ns_.back().first; }

 private:
  std::vector<std::pair<int64_t, double>> block_ns_;
  double move_ns_per_byte_;
};

}  // namespace diffbench::exits
