#pragma once
// How the machine fares while something runs: clocks, power, energy, heat, throttling, a few times a second.
//
//   Telemetry telemetry;                        // a thread begins to sample
//   const TelemetryRecord record = telemetry.stop();
//   for (const TelemetrySample& sample : record.samples) use(sample.power_w);
//
// GPUs are read through NVML, which is opened when the object is made (no header or library is needed to build), and
// CPUs through the energy counters that Linux shows under /sys/class/powercap (RAPL; usually readable by root alone).
// Where neither is there, nothing is sampled and `reason` says why. Powers and energies are of a whole board or
// package, shared by everybody who uses it; they say nothing about single kernels.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "profiling/records.h"

namespace diffbench::profiling {

// One row of table telemetry; kNone or NaN where the device does not say.
struct TelemetrySample {
  std::string device;           // "gpu:0 NVIDIA H200", "cpu:0 package-0"
  std::int64_t sampled_ns = 0;  // CLOCK_REALTIME
  std::int64_t clock_hz = kNone;
  std::int64_t memory_clock_hz = kNone;
  double power_w = std::numeric_limits<double>::quiet_NaN();   // of a CPU: the mean since the sample before
  double energy_j = std::numeric_limits<double>::quiet_NaN();  // counter of the device; differences count
  double temperature_c = std::numeric_limits<double>::quiet_NaN();
  std::int64_t memory_bytes = kNone;   // in use
  std::int64_t throttle_bits = kNone;  // NVML's clocks event reasons: 0x4 power cap, 0x8 .. 0x80 heat and hardware
};

struct TelemetryRecord {
  std::vector<TelemetrySample> samples;
  std::string reason;  // why there are none, or none of a kind: one line; empty: every kind answered
};

// Something that can be asked. sample() is called by one thread, again and again.
class TelemetryDevice {
 public:
  virtual ~TelemetryDevice() = default;
  virtual TelemetrySample sample() = 0;
};

struct TelemetryDevices {
  std::vector<std::unique_ptr<TelemetryDevice>> devices;
  std::string reason;
};
// `library`: what dlopen is given
TelemetryDevices find_nvml_devices(const std::string& library = "libnvidia-ml.so.1");
TelemetryDevices find_rapl_devices(const std::filesystem::path& root = "/sys/class/powercap");

class Telemetry {
 public:
  static constexpr std::chrono::milliseconds kPeriod{100};

  // everything that this machine has
  explicit Telemetry(std::chrono::milliseconds period = kPeriod);
  Telemetry(std::vector<TelemetryDevices> found, std::chrono::milliseconds period);
  ~Telemetry();
  Telemetry(const Telemetry&) = delete;
  Telemetry& operator=(const Telemetry&) = delete;

  TelemetryRecord stop();  // once

 private:
  void run(std::chrono::milliseconds period);

  std::vector<std::unique_ptr<TelemetryDevice>> devices_;
  TelemetryRecord record_;  // of the thread, until it is joined
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace diffbench::profiling
