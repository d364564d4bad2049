#pragma once
// Precision, recall, density and coverage: fidelity and variety of a set, from balls around feature rows.
//
//   Computed four = manifold(evidence);          // parts in that order
//
// A ball reaches to its row's k-th nearest neighbour in the same set (itself not counted).
//   precision  share of samples within a ball of the reference              k = 3, a row on the surface is inside
//   recall     share of the reference within a ball of the samples          (Kynkaanniemi et al., NeurIPS 2019)
//   density    balls of the reference that a sample is in, mean, over k     k = 5, a row on the surface is outside
//   coverage   share of the reference whose ball holds a sample             (Naeem et al., ICML 2020, code of prdc)
// Exact, in float64, in blocks of bounded memory: time grows with (N + M)^2 D. What leaving out a group gives is exact
// as well: the samples' radii are those among the samples that are left. InputError: unequal widths, fewer than 6 rows.

#include "harness/quality/metrics.h"

namespace diffbench::quality {

inline constexpr int64_t kLeastOfNeighbours = 6;  // rows on each side: 5 neighbours of each

Computed manifold(const Evidence& evidence);

}  // namespace diffbench::quality
