#pragma once
// What a run says of the work of making quality samples: from where `diffbench predict` starts.
//
//   for (const MeasuredWork& work : measured_work(store, run)) print(work.key, work.batch_ns);

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "results/store.h"

namespace diffbench::predict {

struct MeasuredWork {
  std::string key{};
  std::int64_t batch = 0;  // samples
  // A batch, networks that judge included. The mean is that of all batches made (table sampling_work), how they differ
  // is that of the cell's timings: an adaptive method's batches do.
  std::vector<double> batch_ns{};
  double storing_ns_per_batch = 0;
  double bytes_per_batch = 0;  // from rank to rank, without pixels: few runs keep them
  std::optional<double> energy_j_per_sample{};
};

// of cells that are ok and under which samples are stored, in the order of the plan
std::vector<MeasuredWork> measured_work(const results::Store& store, std::int64_t run);

}  // namespace diffbench::predict
