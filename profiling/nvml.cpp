// NVIDIA's management library, opened at run time and called through prototypes of our own (NVML API reference; the
// units are NVML's: mW, mJ since the driver was loaded, MHz, degrees Celsius, bytes).
#include <dlfcn.h>

#include <array>

#include "profiling/clock.h"
#include "profiling/telemetry.h"

namespace diffbench::profiling {
namespace {

using Device = void*;
constexpr int kSuccess = 0;
constexpr int kClockOfSm = 1;
constexpr int kClockOfMemory = 2;
constexpr int kTemperatureOfGpu = 0;

struct MemoryInfo {
  unsigned long long total;
  unsigned long long free;
  unsigned long long used;
};

// The functions that were found; one that an old driver lacks stays null, and its column empty.
struct Nvml {
  int (*init)() = nullptr;
  int (*device_count)(unsigned*) = nullptr;
  int (*device)(unsigned, Device*) = nullptr;
  int (*name)(Device, char*, unsigned) = nullptr;
  int (*power_mw)(Device, unsigned*) = nullptr;
  int (*energy_mj)(Device, unsigned long long*) = nullptr;
  int (*clock_mhz)(Device, int, unsigned*) = nullptr;
  int (*event_reasons)(Device, unsigned long long*) = nullptr;
  int (*temperature_c)(Device, int, unsigned*) = nullptr;
  int (*memory)(Device, MemoryInfo*) = nullptr;

  explicit Nvml(void* library) {
    find(library, "nvmlInit_v2", init);
    find(library, "nvmlDeviceGetCount_v2", device_count);
    find(library, "nvmlDeviceGetHandleByIndex_v2", device);
    find(library, "nvmlDeviceGetName", name);
    find(library, "nvmlDeviceGetPowerUsage", power_mw);
    find(library, "nvmlDeviceGetTotalEnergyConsumption", energy_mj);
    find(library, "nvmlDeviceGetClockInfo", clock_mhz);
    find(library, "nvmlDeviceGetCurrentClocksEventReasons", event_reasons);
    if (event_reasons == nullptr) {  // its name before driver 535
      find(library, "nvmlDeviceGetCurrentClocksThrottleReasons", event_reasons);
    }
    find(library, "nvmlDeviceGetTemperature", temperature_c);
    find(library, "nvmlDeviceGetMemoryInfo", memory);
  }

 private:
  template <typename Function>
  static void find(void* library, const char* symbol, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, symbol));
  }
};

// what the function says, or false
template <typename Function, typename... Arguments>
bool ask(Function function, Arguments... arguments) {
  return function != nullptr && function(arguments...) == kSuccess;
}

class NvmlDevice : public TelemetryDevice {
 public:
  NvmlDevice(const Nvml& nvml, Device device, std::string name)
      : nvml_(nvml), device_(device), name_(std::move(name)) {}

  TelemetrySample sample() override {
    TelemetrySample sample;
    sample.device = name_;
    sample.sampled_ns = realtime_ns();
    unsigned value = 0;
    unsigned long long long_value = 0;
    MemoryInfo memory{};
    if (ask(nvml_.clock_mhz, device_, kClockOfSm, &value)) {
      sample.clock_hz = std::int64_t{value} * 1'000'000;
    }
    if (ask(nvml_.clock_mhz, device_, kClockOfMemory, &value)) {
      sample.memory_clock_hz = std::int64_t{value} * 1'000'000;
    }
    if (ask(nvml_.power_mw, device_, &value)) {
      sample.power_w = 1e-3 * value;
    }
    if (ask(nvml_.energy_mj, device_, &long_value)) {
      sample.energy_j = 1e-3 * static_cast<double>(long_value);
    }
    if (ask(nvml_.temperature_c, device_, kTemperatureOfGpu, &value)) {
      sample.temperature_c = value;
    }
    if (ask(nvml_.memory, device_, &memory)) {
      sample.memory_bytes = static_cast<std::int64_t>(memory.used);
    }
    if (ask(nvml_.event_reasons, device_, &long_value)) {
      sample.throttle_bits = static_cast<std::int64_t>(long_value);
    }
    return sample;
  }

 private:
  Nvml nvml_;
  Device device_;
  std::string name_;
};

}  // namespace

TelemetryDevices find_nvml_devices(const std::string& library) {
  TelemetryDevices found;
  void* handle = dlopen(library.c_str(), RTLD_LAZY | RTLD_LOCAL);  // stays open: devices call into it
  if (handle == nullptr) {
    found.reason = "GPU: no " + library;
    return found;
  }
  const Nvml nvml(handle);
  unsigned count = 0;
  if (!ask(nvml.init) || !ask(nvml.device_count, &count) || count == 0) {
    found.reason = "GPU: " + library + " finds no device";
    return found;
  }
  for (unsigned i = 0; i < count; ++i) {
    Device device = nullptr;
    if (!ask(nvml.device, i, &device)) {
      found.reason = "GPU: " + library + " gives no access to device " + std::to_string(i);
      continue;
    }
    std::array<char, 96> name{};
    ask(nvml.name, device, name.data(), static_cast<unsigned>(name.size()));
    found.devices.push_back(std::make_unique<NvmlDevice>(nvml, device, "gpu:" + std::to_string(i) + " " + name.data()));
  }
  return found;
}

}  // namespace diffbench::profiling
