#include "harness/measure/warm_up.h"

#include <numeric>

#include "results/statistics.h"

namespace diffbench::measure {
namespace {

constexpr size_t kWindow = 2;
constexpr double kTolerance = 0.05;

}  // namespace

bool WarmUp::converged() const {
  const std::vector<double> values(durations_ns_.begin(), durations_ns_.end());
  return results::windows_agree(values, kWindow, kTolerance);
}

bool WarmUp::is_spent() const {
  const auto spent = std::accumulate(durations_ns_.begin(), durations_ns_.end(), int64_t{0});
  return static_cast<double>(spent) * 1e-9 >= max_seconds_;
}

}  // namespace diffbench::measure
