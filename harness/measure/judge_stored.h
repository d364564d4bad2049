#pragma once
// From what a run has stored of its samples to its quality values: what `run` ends with, and all of `diffbench judge`.
//
//   const auto faults = judge_stored(store, run, {.metrics = metrics, .references = references});
//   for (const auto& [owner, fault] : faults) fail(owner, fault);
//
// Samples are stored under one cell for all that make the same ones. Each metric is computed once for each network that
// it is of (place 0 where it looks at pixels alone), given to all of those cells, and set against the samples of their
// baseline where that has some: as a paired difference, or, for a metric that is itself a comparison with `full`, as
// its value. Of a model with classes, metrics that allow it are computed within each class as well.

#include <map>
#include <string>
#include <vector>

#include "harness/measure/quality_tools.h"
#include "results/store.h"

namespace diffbench::measure {

struct JudgeRequest {
  Metrics metrics;
  const std::vector<ReferenceFile>& references;  // by place from 1; of extractors that are not asked about: none
  quality::PairNetwork lpips{};
};

// Writes the metrics' names and all values, one transaction for each judgement; returns what could not be judged, by
// owner, and why.
std::map<int64_t, std::string> judge_stored(results::Store& store, int64_t run, const JudgeRequest& request);

// What a judged run keeps of its samples ([quality] keep): pixels that only the judging needed go unless it is
// "images"; with "statistics" feature rows become mean and covariance, in one transaction, what has become so already
// stays.
void keep_of_judged(results::Store& store, int64_t run, const std::string& keep);

}  // namespace diffbench::measure
