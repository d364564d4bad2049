#pragma once
// Before anything is timed: each method at its never-skip setting must equal `full` within the suite's tolerance, its
// real outputs must be finite, and nothing of one batch may show in the next. A cell that fails is stored as failed,
// never as a fast result.
//
//   check_cells(session);

#include "harness/measure/session.h"

namespace diffbench::measure {

void check_cells(Session& session);

}  // namespace diffbench::measure
