#pragma once
// The profiling pass of a run: every cell again, watched. Never inside timed repetitions.
//
//   profile_cells(session, {.with_shapes = true});     // tables profile, scope, activity, ceiling, telemetry
//
// Rank 0 stores what all ranks recorded, one after another, so memory holds one repetition's recording at a time.

#include "harness/measure/session.h"

namespace diffbench::measure {

struct ProfileOptions {
  bool with_shapes = false;  // FLOPs and bytes of CPU operators; costs more
};

// Per cell, warmed again, one to twenty repetitions, about six seconds; the cells take turns. Replaces an earlier
// profile of the run.
void profile_cells(Session& session, const ProfileOptions& options);

}  // namespace diffbench::measure
