#pragma once
// Which cell of one run is which of another: by identity; what is left, by key, and then they differ in something; what
// is still left has no partner. Nothing is dropped.
//
//   for (const Match& match : match_cells(older, newer)) if (match.pair.older && match.pair.newer) ...

#include <vector>

#include "results/compare/compared_metrics.h"

namespace diffbench::results {

struct Match {
  CellPair pair{};        // one side may be missing
  bool is_equal = false;  // the identities are
};

// In the order of the newer run, then what the older one has alone. Pointers into both.
std::vector<Match> match_cells(const MeasuredRun& older, const MeasuredRun& newer, bool is_paired);

}  // namespace diffbench::results
