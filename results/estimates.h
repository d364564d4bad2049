#pragma once
// Every median, ratio and percentile of a run with its interval, computed once and stored (table estimate). Terminal,
// report, exports and comparisons read the table; nothing else computes them.
//
//   store_estimates(store, run);                       // when a run ends, and again when it was resumed
//   std::vector<EstimateRow> rows = estimate_run(store, run);   // the same rows, from the raw rows alone
//
// The rule behind each interval stands in the row: README.md says what it promises at which n.

#include <cstdint>
#include <vector>

#include "results/store.h"

namespace diffbench::results {

std::vector<EstimateRow> estimate_run(const Store& store, std::int64_t run_id);
void store_estimates(Store& store, std::int64_t run_id);

}  // namespace diffbench::results
