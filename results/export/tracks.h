#pragma once
// Inside results/export only: what the two trace formats agree on: which track an event lies on, what it is called
// there, and which calls start work on a device.
//
//   const TrackKey key = track_of(event);
//   if (starts_work(event, name)) ...  // the source of an arrow

#include <compare>
#include <cstdint>
#include <string_view>

#include "results/export/event_reader.h"
#include "results/export/formats.h"
#include "results/sql.h"

namespace diffbench::results {

// A thread of the host (device kNoNumber), or a stream of a device.
struct TrackKey {
  std::int64_t device = kNoNumber;
  std::int64_t number = 0;  // thread or stream
  friend auto operator<=>(const TrackKey&, const TrackKey&) = default;
};

inline TrackKey track_of(const Event& event) {
  if (event.on_device()) return {.device = event.device, .number = event.stream};
  return {.device = kNoNumber, .number = event.thread};
}

// PyTorch's categories, which HTA looks for.
inline std::string_view category_of(const Event& event, std::string_view name) {
  if (event.is_scope) return "user_annotation";
  switch (event.kind) {
    case ActivityKind::kKernel:
      return "kernel";
    case ActivityKind::kCopy:
      return "gpu_memcpy";
    case ActivityKind::kSet:
      return "gpu_memset";
    case ActivityKind::kCpuOperator:
      return "cpu_op";
    case ActivityKind::kApiCall:
      return name.starts_with("cuda") ? "cuda_runtime" : "cuda_driver";
    case ActivityKind::kSynchronization:
      return "cuda_sync";
    case ActivityKind::kOverhead:
      break;
  }
  return "overhead";
}

// Calls that put work on a stream: only these get an arrow, the hundred other calls would be arrows to nowhere.
inline bool starts_work(const Event& event, std::string_view name) {
  return !event.is_scope && event.kind == ActivityKind::kApiCall && event.correlation_id != kNoNumber &&
         (name.find("aunch") != std::string_view::npos || name.find("emcpy") != std::string_view::npos ||
          name.find("emset") != std::string_view::npos);
}

inline bool is_started_work(const Event& event) {
  return !event.is_scope && event.correlation_id != kNoNumber &&
         (event.kind == ActivityKind::kKernel || event.kind == ActivityKind::kCopy || event.kind == ActivityKind::kSet);
}

// Correlation ids count up in every process: 32 bits of them beside the rank stay below 2^53, which JSON keeps exact.
inline std::int64_t flow_id(int rank, std::int64_t correlation_id) {
  return (static_cast<std::int64_t>(rank) << 32) | (correlation_id & 0xFFFFFFFF);
}

// One reading of a counter of table telemetry of the rank's machine, given to the first of the exported ranks on it; of
// a window, those between its first and its last scope.
template <class OnSample>
void for_each_telemetry(const ExportRequest& request, int rank, OnSample&& on_sample) {
  SQLite::Statement other(request.store.database(),
                          "SELECT (SELECT machine FROM rank WHERE run = ?1 AND rank = ?2) = "
                          "(SELECT machine FROM rank WHERE run = ?1 AND rank = ?3)");
  for (const int earlier : request.ranks) {
    if (earlier >= rank) continue;
    bind_all(other, request.run, earlier, rank);
    const bool same = other.executeStep() && other.getColumn(0).getInt() == 1;
    other.reset();
    if (same) return;
  }
  SQLite::Statement row(
      request.store.database(),
      "SELECT device, sampled_ns, clock_hz, memory_clock_hz, power_w, temperature_c, memory_bytes, "
      "throttle_bits FROM telemetry WHERE machine = (SELECT machine FROM rank WHERE run = ?1 AND rank = ?2)" +
          (request.window.is_all()
               ? std::string()
               : " AND sampled_ns BETWEEN (SELECT min(begin_ns) FROM scope WHERE run = ?1 AND " +
                     window_condition(request.window) + ") AND (SELECT max(end_ns) FROM scope WHERE run = ?1 AND " +
                     window_condition(request.window) + ")") +
          " ORDER BY sampled_ns");
  bind_all(row, request.run, rank);
  while (row.executeStep()) {
    for (int column = 2; column < 8; ++column) {
      const SQLite::Column value = row.getColumn(column);
      if (!value.isNull()) {
        on_sample(row.getColumn(0).getString(), value.getName(), row.getColumn(1).getInt64(), value.getDouble());
      }
    }
  }
}

}  // namespace diffbench::results
