#pragma once
// What judging stored samples again needs: the references as they were, and what the run's suite asked for.
//
//   const auto references = stored_references(store, run);       // diffbench judge, with metrics of the user's choice
//   judge_as_asked(store, run);                                   // diffbench merge, of a run whose parts are all
//   there

#include <vector>

#include "harness/measure/quality_tools.h"
#include "results/store.h"

namespace diffbench::commands {

// by place; InputError where a file is gone or another one now
std::vector<measure::ReferenceFile> stored_references(const results::Store& store, int64_t run);

// The metrics of the suite as the run had it, --set included, then what it keeps of its samples, then all estimates:
// what `diffbench run` ends with. Cells that cannot be judged are stored as failed. InputError where a reference or an
// LPIPS network is not on this machine; the samples stay, and `diffbench judge` can be called where they are.
void judge_as_asked(results::Store& store, int64_t run);

}  // namespace diffbench::commands
