#pragma once
// One watched repetition of a cell on this rank.
//
//   Recording recording(state, profiling::Mode::kActivities, with_shapes);
//   state.runner->run(samples);
//   profiling::Profile profile = recording.stop();     // or never: recording ends on every way out

#include "harness/measure/session.h"
#include "profiling/recorder.h"

namespace diffbench::measure {

class Recording {
 public:
  Recording(const CellState& state, profiling::Mode mode, bool with_shapes);
  ~Recording();
  Recording(const Recording&) = delete;  // there is one recorder in a process
  Recording& operator=(const Recording&) = delete;
  profiling::Profile stop();
};

// Runs `work` on every rank at once; false where it threw on one of them, with a warning. What was measured before
// stays.
bool watched(const Session& session, const CellState& state, const std::function<void()>& work);

// The samples of every watched repetition: those of round 0.
std::vector<int64_t> watched_samples(const Session& session, const CellState& state);

}  // namespace diffbench::measure
