#pragma once
// Work that may fail on some rank without ending the run.
//
//   const std::string fault = on_all_ranks(world, [&] { batch = runner.run(samples); });
//   if (!fault.empty()) session.fail_cell(state, fault);       // the same on every rank

#include <functional>
#include <string>

#include "harness/ranks/communicator.h"

namespace diffbench::measure {

// Starts together, and returns the message of the lowest failing rank on every rank, empty where all went well.
std::string on_all_ranks(const ranks::Communicator& world, const std::function<void()>& work);

}  // namespace diffbench::measure
