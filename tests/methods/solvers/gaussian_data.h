#pragma once
// Data that are one normal distribution N(kMean, kDeviation^2): the perfect network and the probability flow are known
// in closed form.
//
//   auto sample = run_reference(plan, start, [&](const Values& x, double t) { return gaussian_eps(schedule, x, t); });
//   Values exact = gaussian_flow(x, point_at(schedule, 1.0), point_at(schedule, 0.5));
//
// The flow keeps every x at its quantile of N(alpha mean, alpha^2 deviation^2 + sigma^2).

#include <cmath>

#include "methods/solvers/grid_points.h"
#include "methods/solvers/noise_schedule.h"
#include "methods/solvers/plan_reference.h"

namespace diffbench::solvers {

inline constexpr double kMean = 0.3;
inline constexpr double kDeviation = 0.4;

inline double deviation_at(const GridPoint& point) { return std::hypot(point.alpha * kDeviation, point.sigma); }

inline Values gaussian_eps(const NoiseSchedule& schedule, const Values& x, double t) {
  const GridPoint point = point_at(schedule, t);
  const double variance = std::pow(deviation_at(point), 2);
  Values eps;
  for (const double value : x) {
    eps.push_back(point.sigma * (value - point.alpha * kMean) / variance);
  }
  return eps;
}

// where the probability flow takes every x from one point to another
inline Values gaussian_flow(const Values& x, const GridPoint& from, const GridPoint& to) {
  Values result;
  for (const double value : x) {
    const double quantile = (value - from.alpha * kMean) / deviation_at(from);
    result.push_back(to.alpha * kMean + deviation_at(to) * quantile);
  }
  return result;
}

}  // namespace diffbench::solvers
