#pragma once
// What a rank says of the machine and the process it runs in, and the rows of the database that it becomes.
//
//   const auto all = ranks::collect(world, machine_document(compute.device.str()));      // on rank 0
//   store.put_machine(run, machine_row(all[rank]));
//   store.put_rank(run, rank_row(all[rank], rank, suite.run.threads));
//
// Everything that environment::Environment captures is in one of the two, but for the program's version and revision,
// which stand in the run's row.

#include <nlohmann/json.hpp>
#include <string>

#include "harness/environment/environment.h"
#include "results/rows.h"

namespace diffbench::measure {

// {"environment", "device", "pid", "allocator"} of this process, now: call it once the threads are set
nlohmann::json machine_document(const std::string& device);

results::MachineRow machine_row(const nlohmann::json& document);
// threads: as the suite says
results::RankRow rank_row(const nlohmann::json& document, int rank, int threads);

}  // namespace diffbench::measure
