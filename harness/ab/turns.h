#pragma once
// The part of `diffbench run --turns` that waits to be told: everything that costs time happens when the other side of
// the socket asks for it, and between two turns this process and its ranks sleep.
//
//   ab::take_turns(session, "/tmp/diffbench-ab-x/turns");
//
// Requests, each answered by one line: {"do":"begin"} prepares and checks, and answers with the cells; {"do":"warm",
// "cell":I}; {"do":"measure","cell":I,"round":R} answers with duration_ns and samples, or failed; {"do":"store"} ends a
// round; {"do":"leave"} ends this process and leaves the run for the next one (--resume); {"do":"finish","reasons":
// {"I":"why"}} ends the run. I is the cell's place in the plan.

#include <string>

#include "harness/measure/session.h"

namespace diffbench::ab {

inline constexpr int kTurnsVersion = 2;  // of these requests; both sides must have the same

void take_turns(measure::Session& session, const std::string& socket);

}  // namespace diffbench::ab
