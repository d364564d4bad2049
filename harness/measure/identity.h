#pragma once
// One hash over all that decides what a cell does, so that cells of two runs can be joined on it: method and solver
// with resolved parameters, every file's content, batch, precision, device kind, ranks, threads, guidance, scenario.
//
//   state.identity = cell_identity(cell, suite, runner.facts(), world.size());
//
// Not in it: the label, the seed (which samples), how often it is timed, where files lie, the machine, the code
// (a plugin's file too).

#include <string>

#include "harness/measure/runner.h"
#include "harness/suite/plan.h"

namespace diffbench::measure {

std::string cell_identity(const suite::Cell& cell, const suite::Suite& suite, const CellFacts& facts, int ranks);

}  // namespace diffbench::measure
