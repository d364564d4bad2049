#pragma once
// Turns recording on and off, and hands out what was recorded.
//
//   set_cell(cell_id);
//   start_recording({.mode = Mode::kActivities, .operators = &cpu_operators()});
//   ... the work, with its scopes ...
//   Profile profile = stop_recording();
//
// One recording at a time in a process: a second start, or a stop without a start, throws std::logic_error. Any thread
// may open scopes at any time; each writes into a buffer of its own. A scope still open at the stop is recorded as
// ending there, and an operator still running is not recorded.

#include <cstddef>
#include <cstdint>
#include <string>

#include "profiling/nvtx.h"
#include "profiling/records.h"
#include "profiling/sources.h"

namespace diffbench::profiling {

enum class Mode : std::uint8_t {
  kNvtx,        // ranges for a foreign tool, nothing of our own
  kActivities,  // scopes, and operators or kernels
  kEverything,  // ranges and activities, with shapes, every API call and every synchronization
};

struct RecorderOptions {
  Mode mode = Mode::kActivities;
  bool with_shapes = false;             // in kEverything always; shapes, FLOPs and bytes of CPU operators
  OperatorSource* operators = nullptr;  // of the CPU; unused while kernels are recorded, as they would count twice
  KernelSource* kernels = nullptr;      // of the GPU; where it cannot start, the operators are recorded instead
  std::string device_name = "";
  std::size_t activity_limit = 20'000'000;  // per thread; more are counted as dropped
  const RangeSink* ranges = nullptr;        // nullptr: what nvtx_sink() says
};

void start_recording(const RecorderOptions& options);

// Everything since the start; after Mode::kNvtx no scopes and no activities. Activities are attributed: those that come
// without a scope, by time (attribution.h).
Profile stop_recording();

bool is_recording();

// The cell that scopes opened from now on belong to; kNone: none. May be called at any time.
void set_cell(std::int64_t cell);

}  // namespace diffbench::profiling
