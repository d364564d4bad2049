#include "methods/solvers/time_grid.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>

#include "methods/config/input_error.h"

namespace diffbench::solvers {
namespace {

// numpy's round: half to even, the processor's default
double round_half_even(double value) { return std::nearbyint(value); }

// T // N apart, from 0; the multistep family makes one time more and leaves out the 0
std::vector<double> leading(double train_steps, int steps, GridFamily family) {
  const int extra = family == GridFamily::kMultistep ? 1 : 0;
  const double apart = std::floor(train_steps / (steps + extra));
  std::vector<double> times;
  for (int i = steps - 1 + extra; i >= extra; --i) {
    times.push_back(round_half_even(i * apart));
  }
  return times;
}

// evenly from T - 1 to 0; the multistep family makes one time more and leaves out the 0
std::vector<double> linspace(double train_steps, int steps, GridFamily family) {
  const int extra = family == GridFamily::kMultistep ? 1 : 0;
  const int intervals = steps - 1 + extra;
  std::vector<double> times;
  if (intervals == 0) {
    return {0.0};  // numpy.linspace(0, T - 1, 1)
  }
  const double apart = (train_steps - 1.0) / intervals;
  for (int i = intervals; i >= extra; --i) {
    times.push_back(round_half_even(i == intervals ? train_steps - 1.0 : i * apart));
  }
  return times;
}

// numpy.arange(T, 0, -T / N) rounded, then 1 less. Written as numpy computes it, from the difference of the first two
// entries: T - i * (T / N) rounds to another time at N = 48, 96 and 48 more of the counts up to 1000. For 62 of those
// counts (61, 103, 121, ...) numpy's own rounding yields an entry too many, which diffusers runs at time -1; it is left
// out here.
std::vector<double> trailing(double train_steps, int steps) {
  const double difference = (train_steps - train_steps / steps) - train_steps;
  std::vector<double> times;
  for (int i = 0; i < steps; ++i) {
    times.push_back(round_half_even(train_steps + i * difference) - 1.0);
  }
  return times;
}

std::vector<double> times_of(const std::string& grid, double train_steps, int steps, GridFamily family) {
  if (grid == "leading") {
    return leading(train_steps, steps, family);
  }
  if (grid == "linspace") {
    return linspace(train_steps, steps, family);
  }
  if (grid == "trailing") {
    return trailing(train_steps, steps);
  }
  throw std::logic_error("grid_times: a solver's table row lists a grid that is not made here: " + grid);
}

}  // namespace

std::vector<double> grid_times(const std::string& grid, const NoiseSchedule& schedule, int steps, GridFamily family) {
  const auto times = times_of(grid, static_cast<double>(schedule.train_steps()), steps, family);
  if (std::adjacent_find(times.begin(), times.end(), std::less_equal<>()) != times.end()) {
    throw config::InputError("grid " + grid + ": with " + std::to_string(steps) +
                             " steps it repeats a time; take fewer");
  }
  return times;
}

}  // namespace diffbench::solvers
