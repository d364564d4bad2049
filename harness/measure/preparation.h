#pragma once
// Before the warm-up: every cell measures, allocates and captures what its batch size needs, on all ranks at once; what
// it came to on rank 0 holds for all of them, is stored with the time it took, and is used again by a resumed run and
// for the cell's quality samples. So the decisions behind a cell's samples are facts of the file.
//
//   prepare_cells(session);

#include "harness/measure/session.h"

namespace diffbench::measure {

void prepare_cells(Session& session);

}  // namespace diffbench::measure
