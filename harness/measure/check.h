#pragma once
// Before anything is timed: each method at its never-skip setting must equal `full` within the suite's tolerance, and
// its real outputs must be finite. A cell that fails is stored as failed, never as a fast result.
//
//   check_cells(session);

#include "harness/measure/session.h"

namespace diffbench::measure {

void check_cells(Session& session);

}  // namespace diffbench::measure
