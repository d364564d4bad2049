#pragma once
// Two runs in memory, with times that can be checked by hand.
//
//   MeasuredRun older = example_measured({{"full", 100}, {"exit", 60}});
//   scale(older.cells[1], 1.1);      // 10 % slower

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "results/compare/verdicts.h"

namespace diffbench::results {

inline MeasuredRun example_measured(const std::vector<std::pair<std::string, double>>& cells, int rounds = 30,
                                    double noise = 0.003, int phase = 0) {
  MeasuredRun run;
  run.database = "example.db";
  run.uid = "run" + std::to_string(phase);
  run.row.suite_name = "example";
  for (const char* group : {"machine", "library", "layout", "suite"}) run.circumstances[group] = {};
  run.circumstances["machine"] = {
      {"cpu_model", "a"}, {"core_count", "2"}, {"usable_core_count", "2"}, {"memory_gib", "8"}, {"gpu_names", "[]"}};
  for (const auto& [key, ns] : cells) {
    auto& cell = run.cells.emplace_back();
    auto& row = cell.stored.row;
    row.key = row.method = row.method_label = key;
    row.identity = "id of " + key;
    row.role = key == "full" ? CellRole::kBaseline : CellRole::kMethod;
    row.baseline_key = key == "full" ? "" : "full";
    cell.stored.status = CellStatus::kOk;
    for (int round = 0; round < rounds; ++round) {  // a noise without a generator: no two runs share its order
      const double wave = std::sin(1.7 * round + 2.3 * phase + 0.9 * static_cast<double>(run.cells.size()));
      cell.rounds[round].ns_per_sample = ns * std::exp(noise * wave);
      cell.durations_ns.push_back(cell.rounds[round].ns_per_sample);
    }
    cell.estimates["latency"] = {.metric = "latency", .value = ns};
    cell.estimates["throughput"] = {.metric = "throughput", .value = 1e9 / ns};
    if (key != "full") cell.estimates["speedup"] = {.metric = "speedup", .value = cells.front().second / ns};
  }
  return run;
}

inline void scale(MeasuredCell& cell, double factor) {
  for (auto& [round, of_round] : cell.rounds) of_round.ns_per_sample *= factor;
  for (double& duration : cell.durations_ns) duration *= factor;
}

inline const VerdictRow* find(const Comparison& comparison, const std::string& key, const std::string& metric) {
  for (const auto& row : comparison.rows) {
    if (row.key == key && row.metric == metric) return &row;
  }
  return nullptr;
}

}  // namespace diffbench::results
