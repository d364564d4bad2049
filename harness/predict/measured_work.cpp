#include "harness/predict/measured_work.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "results/summary.h"

namespace diffbench::predict {
namespace {

// of the timings that count, each over their mean; 1 where nothing was timed
std::vector<double> spread(const results::Store& store, std::int64_t cell) {
  std::vector<double> durations;
  for (const auto& row : store.timings(cell)) {
    if (!row.discard_reason) durations.push_back(static_cast<double>(row.duration_ns));
  }
  if (durations.empty()) return {1.0};
  const double mean = std::accumulate(durations.begin(), durations.end(), 0.0) / static_cast<double>(durations.size());
  for (double& duration : durations) duration /= mean;
  return durations;
}

double bytes_per_sample(const results::Store& store, std::int64_t run, std::int64_t cell) {
  double bytes = 0;
  for (const auto& network : store.extractors(run)) {
    for (const auto& shard : store.feature_shards(cell, network.place)) {
      const auto of_shard = [&](results::ShardNumbers which) {
        return store.shard_numbers(cell, network.place, shard.shard, which).size();
      };
      const auto numbers = of_shard(results::ShardNumbers::kFeatures) + of_shard(results::ShardNumbers::kLogits) +
                           of_shard(results::ShardNumbers::kSpatial);
      bytes += sizeof(float) * static_cast<double>(numbers) / static_cast<double>(shard.sample_count);
      break;  // all shards of a network are alike
    }
  }
  return bytes;
}

}  // namespace

std::vector<MeasuredWork> measured_work(const results::Store& store, std::int64_t run) {
  std::vector<MeasuredWork> list;
  for (const auto& cell : results::summarize(store, run)) {
    if (cell.status != results::CellStatus::kOk) continue;
    results::SamplingWorkRow sum;
    for (const auto& row : store.sampling_work(cell.cell)) {
      sum.batch_count += row.batch_count;
      sum.sample_count += row.sample_count;
      sum.sampling_ns += row.sampling_ns;
      sum.features_ns += row.features_ns;
      sum.storing_ns += row.storing_ns;
    }
    if (sum.batch_count == 0) continue;
    const auto batches = static_cast<double>(sum.batch_count);
    const double samples_per_batch = static_cast<double>(sum.sample_count) / batches;
    MeasuredWork work{.key = cell.row.key,
                      .batch = std::max<std::int64_t>(std::llround(std::ceil(samples_per_batch - 1e-9)), 1),
                      .batch_ns = spread(store, cell.cell),
                      .storing_ns_per_batch = static_cast<double>(sum.storing_ns) / batches,
                      .bytes_per_batch = samples_per_batch * bytes_per_sample(store, run, cell.cell),
                      .energy_j_per_sample = cell.value("energy_per_sample")};
    const double mean_ns = static_cast<double>(sum.sampling_ns + sum.features_ns) / batches;
    for (double& part : work.batch_ns) part *= mean_ns;
    list.push_back(std::move(work));
  }
  return list;
}

}  // namespace diffbench::predict
