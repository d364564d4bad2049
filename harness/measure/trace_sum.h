#pragma once
// The trace of a cell over all of its counted repetitions and ranks: what theory speaks of is what was timed.
//
//   TraceSum sum(block_count, flops_full);          // or from the row that a resumed run finds
//   sum.add(batch.trace, samples);                  // every counted repetition of every rank
//   store.put_trace(cell, sum.row());

#include <nlohmann/json.hpp>

#include "methods/sampling/denoiser.h"
#include "results/rows.h"

namespace diffbench {

// between ranks
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(EvaluationTrace, t, rows, blocks_executed, blocks_bypassed, flops, probe_flops,
                                   blocks_carried, compactions, exit_count)

}  // namespace diffbench

namespace diffbench::measure {

class TraceSum {
 public:
  // flops_full: of one sample through every block
  TraceSum(int block_count, double flops_full) : block_count_(block_count), flops_full_(flops_full) {}
  TraceSum(const results::TraceRow& row);

  // of the same plan as before; std::logic_error when the evaluations do not match
  void add(const Trace& trace, int64_t samples);
  results::TraceRow row() const;
  int64_t samples() const { return samples_; }

 private:
  int block_count_;
  double flops_full_;
  int64_t samples_ = 0;
  Trace total_;
};

}  // namespace diffbench::measure
