#pragma once
// Trains a noise-prediction network, whole or under a static exit schedule.
//
//   auto task = make_denoiser_task(read_recipe("recipe.toml", {}));

#include "methods/training/task.h"

namespace diffbench::training {

std::unique_ptr<Task> make_denoiser_task(const Recipe& recipe);

}  // namespace diffbench::training
