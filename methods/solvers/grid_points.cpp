#include "methods/solvers/grid_points.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "methods/solvers/time_grid.h"

namespace diffbench::solvers {
namespace {

constexpr double kRho = 7.0;  // Karras et al., NeurIPS 2022, arXiv 2206.00364, eq. 5
constexpr double kEdmSigmaMin = 0.002;
constexpr double kEdmSigmaMax = 80.0;

GridPoint of_ratio(double t, double ratio) {
  const double alpha = 1.0 / std::sqrt(1.0 + ratio * ratio);
  return {t, alpha, ratio * alpha};
}

double ratio_at(const NoiseSchedule& schedule, double t) { return std::exp(-schedule.lambda(t)); }

std::vector<double> karras_ratios(double smallest, double largest, int steps) {
  const double low = std::pow(smallest, 1.0 / kRho);
  const double high = std::pow(largest, 1.0 / kRho);
  std::vector<double> ratios;
  for (int i = 0; i < steps; ++i) {
    ratios.push_back(std::pow(high + (steps == 1 ? 0.0 : i / (steps - 1.0)) * (low - high), kRho));
  }
  return ratios;
}

// the fractional index at which diffusers finds a ratio: log(ratio) linear between indices, clipped to the table
double interpolated_index(const NoiseSchedule& schedule, double ratio) {
  const double target = std::log(ratio);
  const auto last = static_cast<double>(schedule.train_steps() - 1);
  double low = 0.0;
  double high = last;
  while (high - low > 1.0) {
    const double middle = std::floor((low + high) / 2.0);
    (-schedule.lambda(middle) <= target ? low : high) = middle;
  }
  const double from = -schedule.lambda(low);
  const double to = -schedule.lambda(std::min(low + 1.0, last));
  return to > from ? low + std::clamp((target - from) / (to - from), 0.0, 1.0) : low;
}

// numpy.interp of the table of ratios
double interpolated_ratio(const NoiseSchedule& schedule, double t) {
  const double low = std::floor(t);
  const double from = ratio_at(schedule, low);
  return t == low ? from : from + (t - low) * (ratio_at(schedule, low + 1.0) - from);
}

double as_float32(double value) { return static_cast<double>(static_cast<float>(value)); }

std::vector<double> heun_times(const std::string& grid, const NoiseSchedule& schedule, int steps) {
  if (grid != "linspace") {
    return grid_times(grid, schedule, steps, GridFamily::kDdpm);
  }
  const double last = last_time(schedule);
  std::vector<double> times;
  for (int i = steps - 1; i >= 0; --i) {
    times.push_back(i == 0 ? 0.0 : as_float32(i == steps - 1 ? last : i * (last / (steps - 1))));
  }
  return times;
}

}  // namespace

double GridPoint::lambda() const {
  return sigma == 0.0 ? std::numeric_limits<double>::infinity() : std::log(alpha) - std::log(sigma);
}

GridPoint point_at(const NoiseSchedule& schedule, double t) { return {t, schedule.alpha(t), schedule.sigma(t)}; }

double first_time(const NoiseSchedule& schedule) {
  return schedule.is_continuous() ? 1.0 / static_cast<double>(schedule.train_steps()) : 0.0;
}

double last_time(const NoiseSchedule& schedule) {
  return schedule.is_continuous() ? 1.0 : static_cast<double>(schedule.train_steps() - 1);
}

bool is_continuous_grid(const std::string& grid) {
  return grid == "uniform" || grid == "quadratic" || grid == "logsnr";
}

std::vector<double> continuous_times(const std::string& grid, const NoiseSchedule& schedule, double from, double to,
                                     int intervals) {
  const auto evenly = [&](double first, double last, auto&& time_of) {
    std::vector<double> times{from};
    for (int i = 1; i < intervals; ++i) {
      times.push_back(time_of(std::lerp(first, last, i / static_cast<double>(intervals))));
    }
    times.push_back(to);
    return times;
  };
  if (grid == "uniform") {
    return evenly(from, to, [](double t) { return t; });
  }
  if (grid == "logsnr") {
    return evenly(schedule.lambda(from), schedule.lambda(to),
                  [&](double lambda) { return schedule.time_of_lambda(lambda); });
  }
  if (grid == "quadratic") {  // in the authors' t, which is (index + 1) / train_steps on a discrete schedule
    const double scale = schedule.is_continuous() ? 1.0 : static_cast<double>(schedule.train_steps());
    const double shift = schedule.is_continuous() ? 0.0 : 1.0;
    return evenly(std::sqrt((from + shift) / scale), std::sqrt((to + shift) / scale),
                  [&](double root) { return root * root * scale - shift; });
  }
  throw std::logic_error("continuous_times: " + grid + " is not a continuous grid");
}

std::vector<GridPoint> multistep_points(const std::string& grid, const NoiseSchedule& schedule, int steps, End end) {
  std::vector<GridPoint> points;
  if (is_continuous_grid(grid)) {
    for (const double t : continuous_times(grid, schedule, last_time(schedule), first_time(schedule), steps)) {
      points.push_back(point_at(schedule, t));
    }
    return points;
  }
  if (grid == "karras") {
    for (const double ratio :
         karras_ratios(ratio_at(schedule, first_time(schedule)), ratio_at(schedule, last_time(schedule)), steps)) {
      points.push_back(of_ratio(std::nearbyint(interpolated_index(schedule, ratio)), ratio));
    }
  } else {
    for (const double t : grid_times(grid, schedule, steps, GridFamily::kMultistep)) {
      points.push_back(point_at(schedule, t));
    }
  }
  points.push_back(end == End::kZero ? GridPoint{} : point_at(schedule, 0.0));
  return points;
}

std::vector<GridPoint> heun_points(const std::string& grid, const NoiseSchedule& schedule, int steps) {
  const double smallest = ratio_at(schedule, first_time(schedule));
  const double largest = ratio_at(schedule, last_time(schedule));
  std::vector<GridPoint> points;
  if (grid == "edm") {
    for (const double ratio : karras_ratios(std::max(kEdmSigmaMin, smallest), std::min(kEdmSigmaMax, largest), steps)) {
      points.push_back(of_ratio(schedule.time_of_lambda(-std::log(ratio)), ratio));
    }
  } else if (grid == "karras") {
    for (const double ratio : karras_ratios(smallest, largest, steps)) {
      points.push_back(of_ratio(as_float32(interpolated_index(schedule, ratio)), ratio));
    }
  } else {
    for (const double t : heun_times(grid, schedule, steps)) {
      points.push_back(of_ratio(t, interpolated_ratio(schedule, t)));
    }
  }
  points.emplace_back();
  return points;
}

}  // namespace diffbench::solvers
