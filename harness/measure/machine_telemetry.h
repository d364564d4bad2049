#pragma once
// Clocks, power and heat of every machine of a run while something runs there; taken by each machine's first rank.
//
//   MachineTelemetry telemetry(session);
//   record_cells();
//   telemetry.store();       // table telemetry

#include <optional>
#include <string>

#include "harness/measure/session.h"
#include "profiling/telemetry.h"

namespace diffbench::measure {

class MachineTelemetry {
 public:
  explicit MachineTelemetry(Session& session);
  void store();  // once; a collective

 private:
  Session& session_;
  std::string host_;
  std::optional<profiling::Telemetry> telemetry_;  // on each machine's first rank
};

}  // namespace diffbench::measure
