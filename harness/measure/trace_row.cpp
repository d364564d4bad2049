#include "harness/measure/trace_row.h"

namespace diffbench::measure {

std::vector<double> flatten(const Trace& trace) {
  std::vector<double> flat{static_cast<double>(trace.size())};
  for (const auto& evaluation : trace) {
    flat.insert(flat.end(),
                {evaluation.t, static_cast<double>(evaluation.rows), evaluation.blocks_executed,
                 evaluation.blocks_bypassed, evaluation.flops, evaluation.probe_flops, evaluation.blocks_carried,
                 static_cast<double>(evaluation.compactions), static_cast<double>(evaluation.exit_count.size())});
    flat.insert(flat.end(), evaluation.exit_count.begin(), evaluation.exit_count.end());
  }
  return flat;
}

namespace {

Trace unflatten(const std::vector<double>& flat) {
  auto next = flat.begin();
  Trace trace(static_cast<size_t>(*next++));
  for (auto& evaluation : trace) {
    evaluation.t = *next++;
    evaluation.rows = static_cast<int64_t>(*next++);
    evaluation.blocks_executed = *next++;
    evaluation.blocks_bypassed = *next++;
    evaluation.flops = *next++;
    evaluation.probe_flops = *next++;
    evaluation.blocks_carried = *next++;
    evaluation.compactions = static_cast<int64_t>(*next++);
    evaluation.exit_count.resize(static_cast<size_t>(*next++));
    for (auto& count : evaluation.exit_count) {
      count = static_cast<int64_t>(*next++);
    }
  }
  return trace;
}

void add(EvaluationTrace& total, const EvaluationTrace& part) {
  total.t = part.t;
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

results::TraceRow merge_traces(const std::vector<std::vector<double>>& flat, int64_t samples, int block_count,
                               double flops_full) {
  Trace total;
  for (const auto& part : flat) {
    const Trace trace = unflatten(part);
    total.resize(trace.size());
    for (size_t e = 0; e < trace.size(); ++e) {
      add(total[e], trace[e]);
    }
  }
  results::TraceRow row{.block_count = block_count, .flops_full = flops_full};
  for (size_t e = 0; e < total.size(); ++e) {
    const auto& evaluation = total[e];
    const auto rows = static_cast<double>(evaluation.rows);
    row.flops_per_sample += evaluation.flops / static_cast<double>(samples);
    row.evaluations.push_back({.evaluation = static_cast<int>(e),
                               .t = evaluation.t,
                               .rows = evaluation.rows,
                               .blocks_executed_mean = evaluation.blocks_executed / rows,
                               .flops_per_row = (evaluation.flops - evaluation.probe_flops) / rows,
                               .probe_flops_per_row = evaluation.probe_flops / rows,
                               .blocks_carried_mean = evaluation.blocks_carried / rows,
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
