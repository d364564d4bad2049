#pragma once
// Which device a rank works on: by its place among the ranks of its machine, so that every machine's devices are used
// from the first on, however the ranks are spread over machines. A pure function.
//
//   DeviceChoice choice = choose_device("auto", device_count, world.local_rank(), world.local_size());
//   Compute compute = resolve_compute(choice.device, "fp32");        // "cuda:1"; "cpu" on a machine without a GPU
//   if (!choice.warning.empty()) spdlog::warn(choice.warning);       // on each machine's first rank only

#include <string>

namespace diffbench::ranks {

struct DeviceChoice {
  std::string device;   // as resolve_compute understands it
  std::string warning;  // that ranks share a device; empty: none do, or another rank says it
};

// wanted: auto | cpu | cuda | cuda:<n>. device_count: GPUs that this process sees; 0 leaves "cuda" to be refused by
// resolve_compute. Throws std::invalid_argument unless 0 <= local_rank < local_size and device_count >= 0.
DeviceChoice choose_device(const std::string& wanted, int device_count, int local_rank, int local_size);

}  // namespace diffbench::ranks
