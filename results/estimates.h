#pragma once
// Every median, ratio and percentile of a run with its interval, computed once and stored (table estimate). Terminal,
// report, exports and comparisons read the table; nothing else computes them.
//
//   store.set_cell_status(cell, CellStatus::kOk);   // a cell that is not ok has no estimates
//   store_estimates(store, run);                    // when a run ends, and again when it was resumed
//   for (const EstimateRow& row : estimate_run(store, run)) ...   // the same rows, from the raw rows alone
//
// The rule behind each interval stands in the row: README.md says what it promises at which n.

#include <cstdint>
#include <vector>

#include "results/store.h"

namespace diffbench::results {

std::vector<EstimateRow> estimate_run(const Store& store, std::int64_t run_id);
void store_estimates(Store& store, std::int64_t run_id);
// All runs of the file anew, together or not at all; their ids. For files that another version of the rules computed.
std::vector<std::int64_t> recompute_estimates(Store& store);

}  // namespace diffbench::results
