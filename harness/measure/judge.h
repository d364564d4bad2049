#pragma once
// Judges quality: every rank makes its share of the same N samples for each method and solver, features are summed in
// float64, and rank 0 compares them with the reference.
//
//   auto tools = load_quality_tools(suite, device);      // before anything is written: its files may be missing
//   judge_cells(session, tools);
//
// Samples are numbered 0 .. N - 1 and made in fixed batches, so they do not depend on the number of ranks. Work is
// stored shard by shard (resumable); a shard is also a group of the jackknife behind the FID's interval. Cells that
// make the same samples (batch and scenario change only the speed) share one judgement. The null method has no quality.

#include "harness/measure/session.h"
#include "harness/quality/extractor.h"
#include "harness/quality/frechet.h"

namespace diffbench::measure {

struct QualityTools {
  quality::FeatureExtractor extractor;
  quality::FrechetReference reference;
  std::string reference_sha;
};

// nothing where the suite judges no quality; InputError when extractor or reference are missing or do not fit together
std::optional<QualityTools> load_quality_tools(const suite::Suite& suite, at::Device device);

void judge_cells(Session& session, std::optional<QualityTools>& tools);

}  // namespace diffbench::measure
