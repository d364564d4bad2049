#pragma once
// Moving the rows that are still inside together, where that pays.
//
//   CompactionRule rule(Compaction::kMeasured);
//   auto decisions = rule.prepare(backbone, 64, nullptr);       // measures; given the same decisions it does not
//   if (rule.pays(hidden, rows_inside, blocks_ahead)) compact_rows(hidden, positions_inside);
//
// Not moving is correct too: rows that have left are then carried through further blocks and their tokens ignored.

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "methods/config/param_spec.h"
#include "methods/exits/block_times.h"

namespace diffbench::exits {

enum class Compaction { kAlways, kNever, kMeasured };

class CompactionRule {
 public:
  explicit CompactionRule(Compaction mode) : mode_(mode) {}
  // fixed times instead of measured ones, for tests
  explicit CompactionRule(BlockTimes times) : mode_(Compaction::kMeasured), times_(std::move(times)) {}

  // kMeasured: times blocks for 1 .. max_rows rows, or takes the times in `given`. The
  // other modes measure and return nothing.
  nlohmann::json prepare(backbones::Backbone& backbone, int64_t max_rows, const nlohmann::json& given);

  // Whether moving the rows inside costs less than carrying the others through `blocks_ahead` blocks, which are sure to
  // run. Measures nothing: equal times, equal answers. kMeasured without times (nobody prepared, or `given` had none)
  // always moves.
  bool pays(backbones::Hidden& hidden, int64_t rows_inside, int blocks_ahead) const;

 private:
  Compaction mode_;
  std::optional<BlockTimes> times_;
};

// Keeps the rows at the given rising positions, tokens and pending skips moved within their own memory by one call of
// kernels/row_copy; under autograd, which must not be written over, in new memory.
void compact_rows(backbones::Hidden& hidden, const std::vector<int64_t>& positions);

// the parameter `compaction` of methods with row exits, and its value
config::ParamSpec compaction_param();
Compaction compaction_of(const std::string& value);

}  // namespace diffbench::exits
