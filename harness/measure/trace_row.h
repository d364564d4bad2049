#pragma once
// Traces of several ranks into the row that the database keeps.
//
//   std::vector<double> mine = flatten(batch.trace);                    // travels to rank 0
//   results::TraceRow row = merge_traces(all, samples, blocks, flops_full);      // sums over ranks, then per row and
//   per sample

#include <vector>

#include "methods/sampling/denoiser.h"
#include "results/rows.h"

namespace diffbench::measure {

std::vector<double> flatten(const Trace& trace);

// `flat`: one flattened trace per rank, of the same plan, of `samples` samples altogether (under guidance a sample is
// two rows). `flops_full`: of one sample through every block.
results::TraceRow merge_traces(const std::vector<std::vector<double>>& flat, int64_t samples, int block_count,
                               double flops_full);

}  // namespace diffbench::measure
