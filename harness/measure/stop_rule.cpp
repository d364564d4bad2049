#include "harness/measure/stop_rule.h"

#include <algorithm>

#include "results/rows.h"
#include "results/statistics.h"

namespace diffbench::measure {
namespace {

constexpr int kLeastRounds = 2;  // below this there is no paired ratio to speak of, whatever the time budget says

}  // namespace

std::string reason_to_stop(const suite::TimingOptions& timing, int rounds, double seconds_spent,
                           std::span<const std::vector<double>> durations) {
  if (rounds >= timing.max_rounds) {
    return "max_rounds";
  }
  if (rounds >= kLeastRounds && seconds_spent >= timing.max_seconds) {
    return std::string(results::kTimeIsUp);
  }
  const bool narrow = std::all_of(durations.begin(), durations.end(), [&](const std::vector<double>& values) {
    const auto interval = results::median_interval(values);
    return interval && results::relative_half_width(*interval, results::median(values)) <= timing.target_half_width;
  });
  return rounds >= timing.min_rounds && narrow ? "target_half_width" : "";
}

}  // namespace diffbench::measure
