#pragma once
// Finds a static exit schedule for a trained network: measures what leaving after each depth costs at each time, and
// picks depths under a budget (methods/static_schedule/greedy_depths.h). Nothing is trained.
//
//   const std::string message = search_depths(recipe, [](const Progress&) {});
//
// Reads `model`, [optimizer] steps and batch, and [depth_search] bins, budget; writes depths.toml and depth_losses.csv
// into the recipe's output.

#include <functional>
#include <string>

#include "methods/training/progress.h"
#include "methods/training/recipe.h"

namespace diffbench::training {

// one line for the user; InputErrors name the file and key at fault
std::string search_depths(const Recipe& recipe, const std::function<void(const Progress&)>& report);

}  // namespace diffbench::training
