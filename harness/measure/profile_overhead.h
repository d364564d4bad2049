#pragma once
// What recording costs: repetitions with recording off, with NVTX ranges, with scopes and activities, and with
// everything, interleaved in an order drawn from the seed.
//
//   measure_profile_overhead(session);      // table profile_overhead
//
// At least eight rounds of each cell, warmed again, and more as [timing] allows.

#include "harness/measure/session.h"

namespace diffbench::measure {

void measure_profile_overhead(Session& session);

}  // namespace diffbench::measure
