#include "methods/risk_controlled/procedures/monotonicity.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "methods/risk_controlled/procedures/bounds.h"

namespace diffbench::risk_control {
namespace {

double standard_error_of_difference(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() < 2) {
    return std::numeric_limits<double>::infinity();
  }
  std::vector<double> differences(a.size());
  std::transform(a.begin(), a.end(), b.begin(), differences.begin(), std::minus<>());
  const double centre = mean(differences);
  double squares = 0.0;
  for (const double difference : differences) {
    squares += (difference - centre) * (difference - centre);
  }
  const double count = static_cast<double>(a.size());
  return std::sqrt(squares / (count - 1.0) / count);
}

}  // namespace

bool Monotonicity::violated() const {
  return std::any_of(drops.begin(), drops.end(), [](const Drop& drop) { return drop.beyond_noise(); });
}

Monotonicity check_monotonicity(const LossTable& table) {
  Monotonicity result;
  size_t highest = 0;
  double highest_mean = mean(table.column(0));
  bool falling = false;
  for (size_t k = 1; k < table.thresholds.size(); ++k) {
    const double here = mean(table.column(k));
    if (here >= highest_mean) {
      highest = k;
      highest_mean = here;
      falling = false;
      continue;
    }
    if (!falling) {
      result.drops.push_back({highest, k, 0.0, 0.0});
      falling = true;
    }
    if (Drop& drop = result.drops.back(); highest_mean - here > drop.size) {
      drop.to = k;
      drop.size = highest_mean - here;
    }
  }
  for (Drop& drop : result.drops) {
    drop.standard_error = standard_error_of_difference(table.column(drop.from), table.column(drop.to));
  }
  return result;
}

}  // namespace diffbench::risk_control
