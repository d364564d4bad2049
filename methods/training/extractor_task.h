#pragma once
// Trains the feature extractor behind FID: a small classifier whose penultimate layer gives 128 features.
//
//   auto task = make_extractor_task(read_recipe("extractor.toml", {}));

#include "methods/training/task.h"

namespace diffbench::training {

std::unique_ptr<Task> make_extractor_task(const Recipe& recipe);

}  // namespace diffbench::training
