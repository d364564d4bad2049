#pragma once
// What is trained: a set of parameters, a loss per step, and what to write at the end. The loop (trainer.h) knows no
// more.
//
//   std::unique_ptr<Task> task = make_task(recipe);
//   at::Tensor loss = task->loss(step);

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "methods/training/progress.h"
#include "methods/training/recipe.h"

namespace diffbench::training {

class Task {
 public:
  virtual ~Task() = default;
  // the tensors that the optimiser moves, by name; they stay the same objects
  virtual std::map<std::string, at::Tensor> parameters() const = 0;
  // a scalar with gradient; depends on (recipe seed, step) and the parameters alone
  virtual at::Tensor loss(int64_t step) = 0;
  // writes what was trained into recipe.output, the parameters holding the averaged weights; each file is complete or
  // absent. Returns one line for the user.
  virtual std::string finish() = 0;
};

struct TaskEntry {
  const char* name;
  const char* summary;
  std::unique_ptr<Task> (*make)(const Recipe& recipe);  // null for what measures and trains nothing:
  // does the whole recipe and returns one line for the user
  std::string (*measure)(const Recipe& recipe, const std::function<void(const Progress&)>& report);
};

// THE table of tasks; an unknown task is an InputError that names the nearest
const TaskEntry& find_task(const Recipe& recipe);
// of an entry that has `make`
std::unique_ptr<Task> make_task(const Recipe& recipe);

}  // namespace diffbench::training
