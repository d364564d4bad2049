#pragma once
// The profiling passes of a run: every cell again, watched. Never inside timed repetitions.
//
//   profile_cells(session, {.with_shapes = true});     // tables profile, scope, activity, ceiling, telemetry
//   measure_profile_overhead(session);                 // table profile_overhead
//
// Rank 0 stores what all ranks recorded, one after another, so memory holds one repetition's recording at a time.

#include "harness/measure/session.h"

namespace diffbench::measure {

struct ProfileOptions {
  bool with_shapes = false;  // FLOPs and bytes of CPU operators; costs more
};

// Per cell one to twenty repetitions, about six seconds, after one that is not recorded; the cells take turns. Replaces
// an earlier profile of the run.
void profile_cells(Session& session, const ProfileOptions& options);

// Repetitions with recording off, with NVTX ranges, with scopes and activities, and with everything, interleaved in an
// order drawn from the seed: at least eight rounds of each cell, and more as [timing] allows.
void measure_profile_overhead(Session& session);

}  // namespace diffbench::measure
