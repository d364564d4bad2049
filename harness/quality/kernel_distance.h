#pragma once
// Distances of two sets of features under a kernel, from every row of both: KID's cubic kernel, unbiased, and CMMD's
// Gaussian one, biased, as their authors compute them.
//
//   Replicates kid = kid_of_all(evidence).parts.front();
//
// KID (Binkowski et al., ICLR 2018): k(x, y) = (x.y / D + 1)^3, pairs of different rows. CMMD (Jayasumana et al., CVPR
// 2024, code of google-research/cmmd): k(x, y) = exp(-|x - y|^2 / (2 * 10^2)), pairs of a row with itself included,
// times 1000. float64, in blocks; what leaving out a group of samples gives follows from sums by pairs of groups.

#include "harness/quality/metrics.h"

namespace diffbench::quality {

Computed kid_of_all(const Evidence& evidence);
Computed cmmd(const Evidence& evidence);

}  // namespace diffbench::quality
