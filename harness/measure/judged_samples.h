#pragma once
// From the feature rows that a cell has stored to its rows in table quality.
//
//   const JudgedSamples method = judged_samples(store, cell, reference);       // one shard in memory at a time
//   results::QualityRow fid = quality_row("fid", quality::fid_interval(method.replicates), method.sample_checksum);
//   results::QualityRow gap = quality_row("fid_difference",
//                                         quality::fid_difference(method.replicates, full.replicates), ...);
//
// FeatureStatistics takes float64 sums; the groups are those of `diffbench fid --interval`.

#include "harness/quality/fid_interval.h"
#include "results/store.h"

namespace diffbench::measure {

struct JudgedSamples {
  quality::FidReplicates replicates;
  std::string sample_checksum;  // hex
};

// InputError where the rows are of another width than the reference, or fewer than 2
JudgedSamples judged_samples(const results::Store& store, int64_t cell, const quality::FrechetReference& reference);

// without cell, extractor and reference
results::QualityRow quality_row(const std::string& metric, const quality::FidEstimate& estimate,
                                const std::string& sample_checksum);

}  // namespace diffbench::measure
