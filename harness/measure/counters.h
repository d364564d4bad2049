#pragma once
// What the system counts about this process and its machine, read before and after a repetition, outside of what is
// timed: page faults, waiting for a core, time stolen by the hypervisor, throttling, energy.
//
//   CounterReader reader(is_first_on_its_machine);
//   const Counters before = reader.read();
//   run();
//   const Counters passed = reader.read() - before;
//
// What the system does not tell is absent. About 50 us a read; with a GPU's driver asked, a few ms.

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "profiling/telemetry.h"

namespace diffbench::measure {

struct Counters {
  std::optional<int64_t> page_fault_count{};
  std::optional<int64_t> core_wait_ns{};    // of this process's threads: ready to run, but no core was free for them
  std::optional<int64_t> steal_ns{};        // of all cores
  std::optional<int64_t> throttle_count{};  // thermal throttling of any core; a GPU that is throttled counts 1
  std::optional<double> energy_j{};         // of the machine's packages and boards; on its first rank alone
};

// counter by counter; absent where either is
Counters operator-(const Counters& after, const Counters& before);

void to_json(nlohmann::json& json, const Counters& counters);
void from_json(const nlohmann::json& json, Counters& counters);

class CounterReader {
 public:
  // `reads_devices`: asks for energy and the GPUs' throttling, which belong to the machine; its first rank does.
  // `root`: where proc/ and sys/ lie, for tests
  explicit CounterReader(bool reads_devices, std::filesystem::path root = "/");
  Counters read();

 private:
  std::filesystem::path root_;
  std::vector<profiling::TelemetryDevices> devices_;
  int64_t gpu_throttles_ = 0;  // readings so far that found a GPU throttled
};

// The largest resident set of this process since the last reset; absent where the system does not tell.
// reset_peak_memory also gives freed memory back to the system, so that a cell is not charged for what the one before
// it left behind: call it before a warm-up, never before what counts.
std::optional<int64_t> peak_memory_bytes();
void reset_peak_memory();

}  // namespace diffbench::measure
