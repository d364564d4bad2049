#include "harness/measure/identity.h"

#include "methods/data/sha256.h"

namespace diffbench::measure {

std::string cell_identity(const suite::Cell& cell, const suite::Suite& suite, const CellFacts& facts, int ranks) {
  nlohmann::json files = nlohmann::json::array();
  for (const auto& file : facts.artifacts) {
    if (file.role != "plugin") files.push_back({file.role, file.sha256});  // code, as the program's own is
  }
  const auto& run = suite.run;
  nlohmann::json all = {{"method", cell.method},
                        {"method_params", facts.method_params},
                        {"solver", cell.solver},
                        {"solver_params", facts.solver_params},
                        {"grid", cell.grid},
                        {"steps", cell.steps},
                        {"batch", cell.batch},
                        {"precision", cell.precision},
                        {"scenario", cell.scenario},
                        {"device", facts.device.substr(0, facts.device.find(':'))},
                        {"ranks", ranks},
                        {"threads", run.threads},
                        {"guidance", run.guidance},
                        {"guidance_interval", run.guidance_interval},
                        {"guidance_exits", run.guidance_exits},
                        {"files", files}};
  if (cell.runtime != "eager") all["runtime"] = cell.runtime;  // identities without it stay what they were
  return data::sha256(all.dump());
}

}  // namespace diffbench::measure
