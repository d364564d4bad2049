#pragma once
// The times at which a solver calls the network, from noise to data, in index units.
//
//   std::vector<double> t = grid_times("trailing", schedule, 10, GridFamily::kDdpm);     // 999, 899, ... 99
//
// `leading`, `linspace` and `trailing` are the times that diffusers 0.42.1 gives with the same `timestep_spacing`
// (offset 0), whose schedulers come in two families with different arithmetic; rounding is numpy's, half to even.

#include <string>
#include <vector>

#include "methods/solvers/noise_schedule.h"

namespace diffbench::solvers {

enum class GridFamily {
  kDdpm,       // DDPMScheduler, DDIMScheduler
  kMultistep,  // DPMSolverMultistepScheduler, UniPCMultistepScheduler
};

// falling; InputError when rounding to whole times makes two of them equal
std::vector<double> grid_times(const std::string& grid, const NoiseSchedule& schedule, int steps, GridFamily family);

}  // namespace diffbench::solvers
