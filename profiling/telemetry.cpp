#include "profiling/telemetry.h"

#include <iterator>
#include <utility>

namespace diffbench::profiling {
namespace {

std::vector<TelemetryDevices> find_all() {
  std::vector<TelemetryDevices> found;
  found.push_back(find_nvml_devices());
  found.push_back(find_rapl_devices());
  return found;
}

}  // namespace

Telemetry::Telemetry(std::chrono::milliseconds period) : Telemetry(find_all(), period) {}

Telemetry::Telemetry(std::vector<TelemetryDevices> found, std::chrono::milliseconds period) {
  for (TelemetryDevices& part : found) {
    std::move(part.devices.begin(), part.devices.end(), std::back_inserter(devices_));
    if (!part.reason.empty()) {
      record_.reason += (record_.reason.empty() ? "" : "; ") + part.reason;
    }
  }
  if (!devices_.empty()) {
    thread_ = std::thread([this, period] { run(period); });
  }
}

Telemetry::~Telemetry() { stop(); }

TelemetryRecord Telemetry::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
  return std::exchange(record_, {});
}

void Telemetry::run(std::chrono::milliseconds period) {
  auto next = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  while (true) {
    const bool is_last = is_stopping_;
    lock.unlock();
    for (const auto& device : devices_) {
      record_.samples.push_back(device->sample());
    }
    lock.lock();
    if (is_last) {
      return;  // the last sample is taken after stop() was called, so counters cover everything before it
    }
    next += period;
    wake_.wait_until(lock, next, [this] { return is_stopping_; });
  }
}

}  // namespace diffbench::profiling
