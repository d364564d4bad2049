#pragma once
// Trains the gates and exit heads of `uncertainty_exit`, on a frozen backbone or together with it.
//
//   auto task = make_uncertainty_task(read_recipe("recipe.toml", {}));

#include "methods/training/task.h"

namespace diffbench::training {

std::unique_ptr<Task> make_uncertainty_task(const Recipe& recipe);

}  // namespace diffbench::training
