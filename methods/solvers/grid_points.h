#pragma once
// The points of a path from noise to data: a solver calls the network at all of them but the last, where it ends.
//
//   auto points = multistep_points("karras", schedule, 20, End::kZero);     // 21 points
//   points[0].t;                      // what the network is told
//   points[0].alpha, points[0].sigma; // what the solver calculates with
//
// On `karras` and on Heun's grids the two differ: there diffusers rounds the network's time, or interpolates sigma.

#include <string>
#include <vector>

#include "methods/solvers/noise_schedule.h"

namespace diffbench::solvers {

struct GridPoint {
  double t = 0.0;  // in the schedule's units
  double alpha = 1.0;
  double sigma = 0.0;

  double lambda() const;                          // log(alpha / sigma); infinite at sigma 0
  double ratio() const { return sigma / alpha; }  // the sigma of EDM, whose state is x / alpha
};

enum class End {
  kZero,      // alpha 1, sigma 0: the data
  kSigmaMin,  // index 0 of the schedule
};

// the point of the schedule at t
GridPoint point_at(const NoiseSchedule& schedule, double t);

// leading | linspace | trailing | karras as DPMSolverMultistepScheduler and its relatives place them, ending as `end`
// says; uniform | quadratic | logsnr as the authors of DPM-Solver do, from the schedule's last time to its first (1 to
// 1 / train_steps in their units), whatever `end`. InputError when rounding would repeat a time of an integer grid.
std::vector<GridPoint> multistep_points(const std::string& grid, const NoiseSchedule& schedule, int steps, End end);

// leading | linspace | trailing | karras as HeunDiscreteScheduler places them, which hands float32 times to the network
// and interpolates sigma / alpha between indices; edm: rho = 7 between sigma / alpha of 0.002 and 80, both moved into
// the schedule's range. The last point is the data.
std::vector<GridPoint> heun_points(const std::string& grid, const NoiseSchedule& schedule, int steps);

// intervals + 1 times on uniform | quadratic | logsnr, from `from` to `to` inclusive, in the schedule's units
std::vector<double> continuous_times(const std::string& grid, const NoiseSchedule& schedule, double from, double to,
                                     int intervals);

bool is_continuous_grid(const std::string& grid);  // uniform | quadratic | logsnr

// first and last time of the schedule: 0 and train_steps - 1, or 1 / train_steps and 1 on vp_continuous
double first_time(const NoiseSchedule& schedule);
double last_time(const NoiseSchedule& schedule);

}  // namespace diffbench::solvers
