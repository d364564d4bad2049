#pragma once
// A rank's recording on its way into the database: as plain data to rank 0 (ranks/exchange.h), there as rows.
//
//   auto all = ranks::collect(world, to_json(profile));         // filled on rank 0
//   store.put_profile(run, to_row(profile_of(all[rank]), rank));

#include <nlohmann/json.hpp>

#include "profiling/records.h"
#include "profiling/telemetry.h"
#include "results/profile_rows.h"

namespace diffbench::measure {

nlohmann::json to_json(const profiling::Profile& profile);
profiling::Profile profile_of(const nlohmann::json& json);

// the cells of its scopes are ids of the database (profiling::set_cell)
results::ProfileRow to_row(profiling::Profile profile, int rank);
results::TelemetryRow to_row(const profiling::TelemetrySample& sample, const std::string& host);

}  // namespace diffbench::measure
