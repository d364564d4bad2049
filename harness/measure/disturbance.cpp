#include "harness/measure/disturbance.h"

#include <spdlog/fmt/fmt.h>

namespace diffbench::measure {
namespace {

constexpr double kShare = 0.02;             // of the repetition
constexpr int64_t kFaultsAboveUsual = 256;  // a mebibyte of small pages
constexpr int64_t kFaultFactor = 2;

}  // namespace

std::optional<std::string> disturbance(const Observation& observed) {
  const auto& passed = observed.passed;
  const auto share = [&](const std::optional<int64_t>& ns) {
    return ns ? static_cast<double>(*ns) / static_cast<double>(observed.duration_ns) : 0.0;
  };
  if (passed.throttle_count.value_or(0) > 0) {
    return "clock throttled";
  }
  if (share(passed.steal_ns) > kShare) {
    return fmt::format("steal time {:.1f} % of the repetition", 100.0 * share(passed.steal_ns));
  }
  if (share(passed.core_wait_ns) > kShare) {
    return fmt::format("waited {:.1f} % of the repetition for a core", 100.0 * share(passed.core_wait_ns));
  }
  if (observed.usual_page_faults && passed.page_fault_count) {
    const int64_t usual = *observed.usual_page_faults;
    if (*passed.page_fault_count > usual + kFaultsAboveUsual && *passed.page_fault_count > kFaultFactor * usual) {
      return fmt::format("{} page faults, usual are {}", *passed.page_fault_count, usual);
    }
  }
  return std::nullopt;
}

}  // namespace diffbench::measure
