#pragma once
// What a run prints at its end.
//
//   std::cout << result_table(results::summarize(store, run));

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "results/summary.h"

namespace diffbench::commands {

// One line per cell, failed and skipped cells with their reason; below it what the marks beside a method mean.
std::string result_table(const std::vector<results::CellSummary>& cells);
// What recording costs, a line per cell and mode; empty where it was not measured.
std::string overhead_lines(const std::vector<results::CellSummary>& cells);
// Which ranks are slower than the others by more than 5 %; empty where none is known to be.
std::string rank_lines(const std::vector<results::CellSummary>& cells);

// `estimates` holds value, interval, n and rule by metric; the values stand beside it under their column's name.
nlohmann::json result_json(const std::vector<results::CellSummary>& cells, int64_t run, const std::string& database);

}  // namespace diffbench::commands
