#pragma once
// `diffbench run --dry-run`: what a run would do, without doing it. Everything is resolved as for a run (parameters,
// models, solver plans, gates, calibrations, baselines), so whatever a run would refuse is refused here in the same
// words; then the cells are printed with what can be said of them beforehand. No database is opened or made.
//
//   if (options.dry_run) return dry_run(world, {suite, cells, device, options.json});
//
// What runs: one evaluation of `full` per model, precision and batch, twice at most, on all ranks at once, so that the
// times are this machine's. They are estimates and called so.

#include <string>
#include <vector>

#include "harness/ranks/communicator.h"
#include "harness/suite/plan.h"

namespace diffbench::commands {

struct DryRun {
  const suite::Suite& suite;
  const std::vector<suite::Cell>& cells;
  std::string device;  // of this rank (measure/rank_device.h)
  bool json = false;
};

// A collective; rank 0 prints. Returns the exit code, 0. Throws ranks::AgreedError for a mistake in the suite.
int dry_run(const ranks::Communicator& world, const DryRun& request);

}  // namespace diffbench::commands
