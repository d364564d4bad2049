#include "harness/measure/judged_samples.h"

#include <ATen/ATen.h>

#include "harness/measure/shard.h"

namespace diffbench::measure {

JudgedSamples judged_samples(const results::Store& store, int64_t cell, const quality::FrechetReference& reference) {
  quality::FidGroups groups(reference.gaussian().mean);
  Checksum checksum;
  store.for_each_feature_shard(cell, [&](const results::FeatureShardRow& row) {
    auto numbers = row.features;  // from_blob wants them writable
    groups.add(at::from_blob(numbers.data(), {row.sample_count, row.width}, at::kFloat), row.first_sample);
    checksum.add_hex(row.sample_checksum);
  });
  return {.replicates = groups.replicates(reference), .sample_checksum = checksum.hex()};
}

results::QualityRow quality_row(const std::string& metric, const quality::FidEstimate& estimate,
                                const std::string& sample_checksum) {
  results::QualityRow row{.metric = metric,
                          .value = estimate.value,
                          .confidence = estimate.confidence,
                          .rule = estimate.rule,
                          .n = estimate.count,
                          .sample_checksum = sample_checksum};
  if (estimate.interval) {
    row.low = estimate.interval->low;
    row.high = estimate.interval->high;
  }
  return row;
}

}  // namespace diffbench::measure
