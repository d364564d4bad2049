#pragma once
// A rank's recording on its way into the database: as bytes to rank 0, there as rows.
//
//   auto gathered = world.gather(pack_profile(profile));         // filled on rank 0
//   store.put_profile(run, to_row(unpack_profile(gathered[rank]), rank));

#include <vector>

#include "harness/ranks/communicator.h"
#include "profiling/records.h"
#include "profiling/telemetry.h"
#include "results/profile_rows.h"

namespace diffbench::measure {

ranks::Bytes pack_profile(const profiling::Profile& profile);
profiling::Profile unpack_profile(const ranks::Bytes& bytes);

// the cells of its scopes are ids of the database (profiling::set_cell)
results::ProfileRow to_row(profiling::Profile profile, int rank);
results::TelemetryRow to_row(const profiling::TelemetrySample& sample, const std::string& host);

}  // namespace diffbench::measure
