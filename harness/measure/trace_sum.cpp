#include "harness/measure/trace_sum.h"

#include <algorithm>
#include <stdexcept>

namespace diffbench::measure {
namespace {

void add_evaluation(EvaluationTrace& total, const EvaluationTrace& part) {
  total.rows += part.rows;
  total.blocks_executed += part.blocks_executed;
  total.blocks_bypassed += part.blocks_bypassed;
  total.flops += part.flops;
  total.probe_flops += part.probe_flops;
  total.blocks_carried += part.blocks_carried;
  total.compactions += part.compactions;
  total.exit_count.resize(std::max(total.exit_count.size(), part.exit_count.size()));
  for (size_t block = 0; block < part.exit_count.size(); ++block) {
    total.exit_count[block] += part.exit_count[block];
  }
}

}  // namespace

TraceSum::TraceSum(const results::TraceRow& row)
    : block_count_(row.block_count), flops_full_(row.flops_full), samples_(row.samples) {
  for (const auto& evaluation : row.evaluations) {
    total_.push_back({.t = evaluation.t,
                      .rows = evaluation.rows,
                      .blocks_executed = evaluation.blocks_executed,
                      .flops = evaluation.flops,
                      .probe_flops = evaluation.probe_flops,
                      .blocks_carried = evaluation.blocks_carried,
                      .compactions = evaluation.compaction_count,
                      .exit_count = {}});
  }
  for (const auto& exit : row.exit_counts) {
    auto& counts = total_.at(static_cast<size_t>(exit.evaluation)).exit_count;
    counts.resize(std::max(counts.size(), static_cast<size_t>(exit.block) + 1));
    counts[static_cast<size_t>(exit.block)] = exit.rows;
  }
}

void TraceSum::add(const Trace& trace, int64_t samples) {
  if (total_.empty()) {
    total_ = trace;
  } else {
    if (trace.size() != total_.size()) {
      throw std::logic_error("repetitions of one cell with different numbers of evaluations");
    }
    for (size_t e = 0; e < trace.size(); ++e) {
      add_evaluation(total_[e], trace[e]);
    }
  }
  samples_ += samples;
}

results::TraceRow TraceSum::row() const {
  results::TraceRow row{.block_count = block_count_, .flops_full = flops_full_, .samples = samples_};
  for (size_t e = 0; e < total_.size(); ++e) {
    const auto& evaluation = total_[e];
    row.evaluations.push_back({.evaluation = static_cast<int>(e),
                               .t = evaluation.t,
                               .rows = evaluation.rows,
                               .blocks_executed = evaluation.blocks_executed,
                               .flops = evaluation.flops,
                               .probe_flops = evaluation.probe_flops,
                               .blocks_carried = evaluation.blocks_carried,
                               .compaction_count = evaluation.compactions});
    for (size_t block = 0; block < evaluation.exit_count.size(); ++block) {
      if (evaluation.exit_count[block] > 0) {
        row.exit_counts.push_back({.evaluation = static_cast<int>(e),
                                   .block = static_cast<int>(block),
                                   .rows = evaluation.exit_count[block]});
      }
    }
  }
  return row;
}

}  // namespace diffbench::measure
