#pragma once
// The loop that all recipes share: AdamW with warm-up and cosine, gradient clipping, averaged weights, a CSV log, and
// state on disk from which a killed training goes on exactly.
//
//   Trainer trainer(recipe, *make_task(recipe), state_dir);
//   trainer.run([](const Progress& p) { ... });      // returns when the last step is done
//
// The state folder holds state.pt (parameters, averages, optimiser, step), written to a temporary and renamed. The log
// has one line per `log_every_steps`: step, images, loss (mean since the last line), learning_rate, seconds.

#include <torch/optim/adamw.h>

#include <functional>

#include "methods/training/progress.h"
#include "methods/training/task.h"

namespace diffbench::training {

class Trainer {
 public:
  Trainer(const Recipe& recipe, Task& task, std::filesystem::path state_dir);

  // goes on from the state on disk if there is one; `until` stops early with the state saved (for tests)
  void run(const std::function<void(const Progress&)>& report, int64_t until = -1);
  // puts the averaged weights into the task's parameters
  void use_averaged_weights();

 private:
  double learning_rate(int64_t step) const;
  void step(int64_t index);
  void update_average(int64_t index);
  void save(int64_t done);
  int64_t restore();

  const Recipe& recipe_;
  Task& task_;
  std::filesystem::path state_dir_;
  std::vector<at::Tensor> parameters_;
  std::vector<at::Tensor> averages_;
  torch::optim::AdamW optimizer_;
  double trained_seconds_ = 0.0;  // by earlier processes
  double loss_sum_ = 0.0;         // since the last log line
  int64_t loss_count_ = 0;
};

}  // namespace diffbench::training
