#pragma once
// How far a recipe has come, for a line on the terminal.

#include <cstdint>

namespace diffbench::training {

struct Progress {
  int64_t step = 0;  // done
  int64_t steps = 0;
  double loss = 0.0;           // mean since the last report
  double learning_rate = 0.0;  // 0 where nothing is learnt
  double images_per_s = 0.0;
  double seconds_left = 0.0;
};

}  // namespace diffbench::training
