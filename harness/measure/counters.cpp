#include "harness/measure/counters.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <sstream>
#include <string>

namespace diffbench::measure {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kThrottledByHeatOrPower = 0xfc;  // of NVML's clocks event reasons (profiling/telemetry.h)

std::optional<int64_t> page_faults() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) {
    return std::nullopt;
  }
  return usage.ru_minflt + usage.ru_majflt;
}

// the second number of every thread's schedstat
std::optional<int64_t> core_wait_ns(const fs::path& root) {
  std::optional<int64_t> total;
  std::error_code error;  // a thread may end while this is read
  for (fs::directory_iterator thread(root / "proc/self/task", error); !error && thread != fs::directory_iterator();
       thread.increment(error)) {
    std::ifstream in(thread->path() / "schedstat");
    int64_t ran = 0;
    int64_t waited = 0;
    if (in >> ran >> waited) {
      total = total.value_or(0) + waited;
    }
  }
  return total;
}

// "cpu  user nice system idle iowait irq softirq steal ...", in ticks
std::optional<int64_t> steal_ns(const fs::path& root) {
  std::ifstream in(root / "proc/stat");
  std::string name;
  int64_t ticks = 0;
  in >> name;
  for (int column = 0; column < 8; ++column) {
    if (!(in >> ticks)) {
      return std::nullopt;
    }
  }
  return ticks * (1'000'000'000 / sysconf(_SC_CLK_TCK));
}

std::optional<int64_t> throttle_count(const fs::path& root) {
  std::optional<int64_t> total;
  std::error_code error;
  for (const auto& core : fs::directory_iterator(root / "sys/devices/system/cpu", error)) {
    std::ifstream in(core.path() / "thermal_throttle/core_throttle_count");
    int64_t count = 0;
    if (in >> count) {
      total = total.value_or(0) + count;
    }
  }
  return total;
}

template <typename T>
std::optional<T> difference(const std::optional<T>& after, const std::optional<T>& before) {
  return after && before ? std::optional<T>(*after - *before) : std::nullopt;
}

template <typename T>
nlohmann::json json_of(const std::optional<T>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json();
}

template <typename T>
void read_optional(const nlohmann::json& json, const char* name, std::optional<T>& value) {
  const auto& entry = json.at(name);
  value = entry.is_null() ? std::nullopt : std::optional<T>(entry.get<T>());
}

}  // namespace

Counters operator-(const Counters& after, const Counters& before) {
  return {.page_fault_count = difference(after.page_fault_count, before.page_fault_count),
          .core_wait_ns = difference(after.core_wait_ns, before.core_wait_ns),
          .steal_ns = difference(after.steal_ns, before.steal_ns),
          .throttle_count = difference(after.throttle_count, before.throttle_count),
          .energy_j = difference(after.energy_j, before.energy_j)};
}

void to_json(nlohmann::json& json, const Counters& counters) {
  json = {{"page_fault_count", json_of(counters.page_fault_count)},
          {"core_wait_ns", json_of(counters.core_wait_ns)},
          {"steal_ns", json_of(counters.steal_ns)},
          {"throttle_count", json_of(counters.throttle_count)},
          {"energy_j", json_of(counters.energy_j)}};
}

void from_json(const nlohmann::json& json, Counters& counters) {
  read_optional(json, "page_fault_count", counters.page_fault_count);
  read_optional(json, "core_wait_ns", counters.core_wait_ns);
  read_optional(json, "steal_ns", counters.steal_ns);
  read_optional(json, "throttle_count", counters.throttle_count);
  read_optional(json, "energy_j", counters.energy_j);
}

CounterReader::CounterReader(bool reads_devices, fs::path root) : root_(std::move(root)) {
  if (reads_devices) {
    devices_.push_back(profiling::find_nvml_devices());
    devices_.push_back(profiling::find_rapl_devices(root_ / "sys/class/powercap"));
  }
}

Counters CounterReader::read() {
  Counters counters{.page_fault_count = page_faults(),
                    .core_wait_ns = core_wait_ns(root_),
                    .steal_ns = steal_ns(root_),
                    .throttle_count = throttle_count(root_)};
  for (auto& found : devices_) {
    for (auto& device : found.devices) {
      const auto sample = device->sample();
      if (!std::isnan(sample.energy_j)) {
        counters.energy_j = counters.energy_j.value_or(0.0) + sample.energy_j;
      }
      if (sample.throttle_bits != profiling::kNone && (sample.throttle_bits & kThrottledByHeatOrPower) != 0) {
        ++gpu_throttles_;
      }
    }
  }
  if (counters.throttle_count || gpu_throttles_ > 0) {
    counters.throttle_count = counters.throttle_count.value_or(0) + gpu_throttles_;
  }
  return counters;
}

std::optional<int64_t> peak_memory_bytes() {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("VmHWM:")) {
      std::istringstream words(line.substr(6));
      int64_t kibibytes = 0;
      return words >> kibibytes ? std::optional(kibibytes * 1024) : std::nullopt;
    }
  }
  return std::nullopt;
}

void reset_peak_memory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  std::ofstream("/proc/self/clear_refs") << "5";
}

}  // namespace diffbench::measure
