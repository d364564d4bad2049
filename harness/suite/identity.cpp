#include "harness/suite/suite.h"

namespace diffbench::suite {

nlohmann::json identity(const Suite& suite) {
  auto methods = nlohmann::json::array();
  for (const auto& method : suite.methods) {
    methods.push_back(
        {{"name", method.name}, {"label", method.label}, {"model", method.model}, {"params", method.params}});
  }
  auto solvers = nlohmann::json::array();
  for (const auto& solver : suite.solvers) {
    solvers.push_back(
        {{"name", solver.name}, {"grid", solver.grid}, {"steps", solver.steps}, {"params", solver.params}});
  }
  const auto& run = suite.run;
  const auto& timing = suite.timing;
  const auto& quality = suite.quality;
  auto extractors = nlohmann::json::array();
  for (const auto& entry : quality.extractors) {
    extractors.push_back({{"extractor", entry.extractor}, {"mode", entry.mode}, {"reference", entry.reference}});
  }
  nlohmann::json all = {{"name", suite.name},
                        {"seed", suite.seed},
                        {"method", methods},
                        {"solver", solvers},
                        {"run",
                         {{"model", run.model},
                          {"device", run.device},
                          {"precision", run.precision},
                          {"batch", run.batch},
                          {"scenario", run.scenario},
                          {"threads", run.threads},
                          {"guidance", run.guidance},
                          {"guidance_interval", run.guidance_interval},
                          {"guidance_exits", run.guidance_exits},
                          {"compare_with", run.compare_with}}},
                        {"timing",
                         {{"min_rounds", timing.min_rounds},
                          {"max_rounds", timing.max_rounds},
                          {"max_seconds", timing.max_seconds},
                          {"target_half_width", timing.target_half_width},
                          {"warmup_max_seconds", timing.warmup_max_seconds}}},
                        {"quality",
                         {{"samples", quality.samples},
                          {"batch", quality.batch},
                          {"shard", quality.shard},
                          {"extractors", extractors},
                          {"metrics", quality.metrics},
                          {"to_uint8", quality.to_uint8},
                          {"lpips", quality.lpips},
                          {"keep", quality.keep},
                          {"images", quality.images}}},
                        {"check", {{"tolerance", suite.check.tolerance}}}};
  if (run.runtime != RunOptions{}.runtime)
    all["run"]["runtime"] = run.runtime;  // suites without it stay what they were
  if (!suite.plugins.empty()) all["plugins"] = suite.plugins;
  return all;
}

}  // namespace diffbench::suite
