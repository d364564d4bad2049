#pragma once
// Whether something came between during a repetition, and what: the timing is kept and counts, but carries the flag.
//
//   if (const auto reason = disturbance({.duration_ns = 41'000'000, .passed = passed, .usual_page_faults = 12})) ...
//
// A flag never removes a timing: leaving out what was slow would make the rest look better than the machine is.

#include <cstdint>
#include <optional>
#include <string>

#include "harness/measure/counters.h"

namespace diffbench::measure {

struct Observation {
  int64_t duration_ns = 0;
  Counters passed;                             // during the repetition, on one rank
  std::optional<int64_t> usual_page_faults{};  // median of this rank's earlier repetitions of the cell
};

// The first that applies, in words: "clock throttled", "steal time 3.1 % of the repetition", "waited 4.0 % of the
// repetition for a core", "5120 page faults, usual are 12". Below 2 % of the repetition waiting and stealing are what a
// quiet machine shows too; page faults are above the usual when they are both 256 and a factor of two above it.
std::optional<std::string> disturbance(const Observation& observed);

}  // namespace diffbench::measure
