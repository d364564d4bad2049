#pragma once
// What a run prints at its end.
//
//   std::cout << result_table(results::summarize(store, run));

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "results/summary.h"

namespace diffbench::commands {

// one line per cell; failed and skipped cells with their reason
std::string result_table(const std::vector<results::CellSummary>& cells);

nlohmann::json result_json(const std::vector<results::CellSummary>& cells, int64_t run, const std::string& database);

}  // namespace diffbench::commands
