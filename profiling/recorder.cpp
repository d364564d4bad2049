#include "profiling/recorder.h"

#include <unistd.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <mutex>
#include <stdexcept>

#include "profiling/attribution.h"
#include "profiling/clock.h"
#include "profiling/session.h"

namespace diffbench::profiling {
namespace {

struct Running {
  std::mutex mutex;                            // of start and stop; threads that record never take it
  std::deque<internal::Recording> recordings;  // all of the process: a scope may outlive the one that it belongs to
  RecorderOptions options;
  Profile profile;  // what is known at the start
  bool uses_operators = false;
  bool uses_kernels = false;
};

Running& running() {
  static auto* const kInstance = new Running;  // scopes of other threads may close while the process ends
  return *kInstance;
}

}  // namespace

void start_recording(const RecorderOptions& options) {
  Running& state = running();
  const std::lock_guard lock(state.mutex);
  if (current_session() != nullptr) {
    throw std::logic_error("start_recording: a recording is running");
  }
  const bool records = options.mode != Mode::kNvtx;
  const bool everything = options.mode == Mode::kEverything;
  state.options = options;
  state.profile = {};
  state.profile.source = "cpu_operator";
  state.profile.device_name = options.device_name;
  state.profile.with_shapes = records && (options.with_shapes || everything);
  state.profile.process_id = getpid();
  state.profile.monotonic_ns = monotonic_ns();
  state.profile.realtime_ns = realtime_ns();

  state.uses_kernels = false;
  if (records && options.kernels != nullptr) {
    state.profile.source_reason = options.kernels->start(everything);
    state.uses_kernels = state.profile.source_reason.empty();
  }
  state.uses_operators = records && !state.uses_kernels;
  if (state.uses_kernels) {
    state.profile.source = "cupti";
    state.profile.with_shapes = false;
  }
  const RangeSink* ranges = options.ranges != nullptr ? options.ranges : nvtx_sink();
  if (options.mode == Mode::kActivities) {
    ranges = nullptr;
  }
  const internal::Recording& recording = state.recordings.emplace_back(
      internal::Recording{.number = static_cast<std::uint32_t>(state.recordings.size() + 1),
                          .ranges = ranges,
                          .kernels = state.uses_kernels ? options.kernels : nullptr});
  std::uint32_t listening = 0;
  listening |= recording.ranges != nullptr ? internal::kRanges : 0;
  listening |= records ? internal::kRecords : 0;
  listening |= state.uses_operators ? internal::kOperators : 0;
  set_current_session(std::make_shared<Session>(recording, records, options.activity_limit));
  internal::listening.store(listening, std::memory_order_relaxed);
  if (state.uses_operators && options.operators != nullptr) {
    try {
      options.operators->start(state.profile.with_shapes);
    } catch (...) {
      internal::listening.store(0, std::memory_order_relaxed);
      set_current_session(nullptr);
      throw;
    }
  }
}

Profile stop_recording() {
  Running& state = running();
  const std::lock_guard lock(state.mutex);
  const std::shared_ptr<Session> session = current_session();
  if (session == nullptr) {
    throw std::logic_error("stop_recording: no recording is running");
  }
  const std::int64_t now_ns = realtime_ns();
  if (state.uses_operators && state.options.operators != nullptr) {
    state.options.operators->stop();
  }
  internal::listening.store(0, std::memory_order_relaxed);
  set_current_session(nullptr);
  Profile profile = std::move(state.profile);
  session->collect(now_ns, profile);
  if (state.uses_kernels) {
    state.options.kernels->stop(profile);
    attribute_by_time(profile);
  }
  const auto by_begin = [](const Activity& a, const Activity& b) { return a.begin_ns < b.begin_ns; };
  if (!std::is_sorted(profile.activities.begin(), profile.activities.end(), by_begin)) {
    std::stable_sort(profile.activities.begin(), profile.activities.end(), by_begin);
  }
  return profile;
}

bool is_recording() { return current_session() != nullptr; }

void set_cell(std::int64_t cell) { current_cell.store(cell, std::memory_order_relaxed); }

}  // namespace diffbench::profiling
