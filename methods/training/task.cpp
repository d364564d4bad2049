#include "methods/training/task.h"

#include "methods/config/nearest.h"
#include "methods/training/denoiser_task.h"
#include "methods/training/depth_search.h"
#include "methods/training/extractor_task.h"
#include "methods/training/uncertainty_task.h"

namespace diffbench::training {
namespace {

constexpr TaskEntry kTasks[] = {
    {"denoiser", "noise prediction, whole or under a static exit schedule", make_denoiser_task, nullptr},
    {"uncertainty", "gates and exit heads of uncertainty_exit, on a frozen backbone or with it", make_uncertainty_task,
     nullptr},
    {"extractor", "the feature network behind FID, with reference statistics", make_extractor_task, nullptr},
    {"depth_search", "a static exit schedule from measured losses, under a budget", nullptr, search_depths},
};

}  // namespace

const TaskEntry& find_task(const Recipe& recipe) {
  std::vector<std::string> names;
  for (const auto& entry : kTasks) {
    if (recipe.task == entry.name) {
      return entry;
    }
    names.emplace_back(entry.name);
  }
  recipe.toml.fail("task", config::unknown_name("task", recipe.task, names));
}

std::unique_ptr<Task> make_task(const Recipe& recipe) { return find_task(recipe).make(recipe); }

}  // namespace diffbench::training
