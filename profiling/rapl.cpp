// Energy counters of CPU packages (Linux, documentation/power/powercap): <root>/intel-rapl:0/{name, energy_uj,
// max_energy_range_uj}, where intel-rapl:0:1 is a part of intel-rapl:0 and would be counted twice.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <optional>

#include "profiling/clock.h"
#include "profiling/telemetry.h"

namespace diffbench::profiling {
namespace {

namespace fs = std::filesystem;

std::optional<std::int64_t> read_number(const fs::path& path) {
  std::ifstream file(path);
  std::int64_t value = 0;
  if (file >> value && value >= 0) {
    return value;
  }
  return std::nullopt;
}

class RaplDevice : public TelemetryDevice {
 public:
  RaplDevice(std::string name, fs::path folder)
      : name_(std::move(name)),
        energy_file_(folder / "energy_uj"),
        range_uj_(read_number(folder / "max_energy_range_uj").value_or(0)) {}

  TelemetrySample sample() override {
    TelemetrySample sample;
    sample.device = name_;
    sample.sampled_ns = realtime_ns();
    const std::int64_t now_ns = monotonic_ns();
    const std::optional<std::int64_t> counter_uj = read_number(energy_file_);
    if (!counter_uj) {
      return sample;
    }
    if (last_uj_) {
      // the counter begins anew after its range: hours at least, so once at most between two samples
      const std::int64_t step_uj = *counter_uj - *last_uj_ + (*counter_uj < *last_uj_ ? range_uj_ : 0);
      energy_j_ += 1e-6 * static_cast<double>(step_uj);
      if (now_ns > last_ns_) {
        sample.power_w = 1e-6 * static_cast<double>(step_uj) / (1e-9 * static_cast<double>(now_ns - last_ns_));
      }
    }
    sample.energy_j = energy_j_;
    last_uj_ = counter_uj;
    last_ns_ = now_ns;
    return sample;
  }

 private:
  std::string name_;
  fs::path energy_file_;
  std::int64_t range_uj_;
  std::optional<std::int64_t> last_uj_;
  std::int64_t last_ns_ = 0;
  double energy_j_ = 0.0;  // since the first sample
};

}  // namespace

TelemetryDevices find_rapl_devices(const fs::path& root) {
  TelemetryDevices found;
  std::error_code error;
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(root, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("intel-rapl:") && std::count(name.begin(), name.end(), ':') == 1) {
      folders.push_back(entry.path());
    }
  }
  std::sort(folders.begin(), folders.end());
  for (const fs::path& folder : folders) {
    std::string name;
    std::ifstream(folder / "name") >> name;
    if (!read_number(folder / "energy_uj")) {
      found.reason = "CPU energy: " + (folder / "energy_uj").string() + " cannot be read";
      continue;
    }
    found.devices.push_back(
        std::make_unique<RaplDevice>("cpu:" + std::to_string(found.devices.size()) + " " + name, folder));
  }
  if (folders.empty()) {
    found.reason = "CPU energy: no intel-rapl counters under " + root.string();
  }
  return found;
}

}  // namespace diffbench::profiling
