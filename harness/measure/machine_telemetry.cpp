#include "harness/measure/machine_telemetry.h"

#include <spdlog/spdlog.h>

#include "harness/environment/environment.h"
#include "harness/measure/profile_rows.h"
#include "harness/ranks/exchange.h"

namespace diffbench::measure {
namespace {

nlohmann::json to_json(const profiling::TelemetrySample& sample) {
  return {sample.device,   sample.sampled_ns,    sample.clock_hz,     sample.memory_clock_hz, sample.power_w,
          sample.energy_j, sample.temperature_c, sample.memory_bytes, sample.throttle_bits};
}

profiling::TelemetrySample sample_of(const nlohmann::json& row) {
  return {.device = row[0],
          .sampled_ns = row[1],
          .clock_hz = row[2],
          .memory_clock_hz = row[3],
          .power_w = row[4],
          .energy_j = row[5],
          .temperature_c = row[6],
          .memory_bytes = row[7],
          .throttle_bits = row[8]};
}

}  // namespace

MachineTelemetry::MachineTelemetry(Session& session) : session_(session), host_(environment::capture().host) {
  if (session.world.local_rank() == 0) {
    telemetry_.emplace();
  }
}

void MachineTelemetry::store() {
  const auto record = telemetry_ ? telemetry_->stop() : profiling::TelemetryRecord{};
  if (session_.world.rank() == 0 && !record.reason.empty()) {
    spdlog::info("telemetry: {}", record.reason);
  }
  nlohmann::json rows = nlohmann::json::array();
  for (const auto& sample : record.samples) {
    rows.push_back(to_json(sample));
  }
  const auto all = ranks::collect(session_.world, {{"host", host_}, {"rows", rows}});
  session_.writer.write([&](results::Store& store) {
    std::vector<results::TelemetryRow> stored;
    for (const auto& from : all) {
      for (const auto& row : from.at("rows")) {
        stored.push_back(to_row(sample_of(row), from.at("host")));
      }
    }
    store.put_telemetry(session_.run_id, stored);
  });
}

}  // namespace diffbench::measure
