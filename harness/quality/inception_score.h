#pragma once
// Inception score: how sure a classifier is of each sample, and how evenly the samples spread over the classes.
//
//   Computed score = inception_score(evidence);             // of logits [N, K], before the softmax
//   double spread = inception_spread(*evidence.logits);     // what tools print behind it
//
// exp(mean KL(p(y|x) || p(y))) in each of 10 contiguous parts of the rows as they come (not shuffled); the value is the
// mean, the spread the deviation (ddof 0) over the parts. Part i is rows floor(i N / 10) up to floor((i + 1) N / 10).
// Leaving out a group leaves it out of each part. InputError: fewer rows than parts.

#include "harness/quality/metrics.h"

namespace diffbench::quality {

Computed inception_score(const Evidence& evidence);
double inception_spread(const RowSource& logits);

}  // namespace diffbench::quality
