#pragma once
// How often an interval holds the truth on a machine that is known: the share of simulated runs in which it does.
//
//   const Coverage found = cover(kMachines[0], kRules[0], Estimand::kSpeedup, 10, {.trials = 20'000});
//   // found.share is about 0.95, or the rule does not keep its promise
//
// coverage_table.cpp writes all of it as CSV, tests/results/coverage_test.cpp does a short form at every build.

#include <optional>
#include <span>
#include <string_view>

#include "results/coverage/machines.h"
#include "results/statistics.h"

namespace diffbench::results::coverage {

// A way to an interval at 95 %. The first is the one in use; the others are what it was chosen from.
struct Rule {
  std::string_view name;
  std::optional<Interval> (*interval)(std::span<const double> values);
  bool is_slow = false;  // resampling: fewer trials
};
extern const std::array<Rule, 4> kRules;

enum class Estimand { kSpeedup, kLatency, kP90, kP99 };

struct CoverOptions {
  int trials = 1000;
  std::uint64_t seed = 1;
  // Look after every round from the sixth on, as `timing.target_half_width` does, and stop when the interval of the
  // method's time is this narrow, relative to its half: the machine then decides n, which no rule promises anything
  // for.
  std::optional<double> target_half_width{};
};

struct Coverage {
  double share = 0;           // of the trials whose interval holds the truth
  double relative_width = 0;  // median over the trials: narrower is better, among those that keep the promise
  double rounds = 0;          // median over the trials: n, or when the target was reached
};

// Empty where the rule gives no interval at n rounds. Percentiles use quantile_interval whatever the rule.
std::optional<Coverage> cover(const Machine& machine, const Rule& rule, Estimand estimand, int n,
                              const CoverOptions& options);

}  // namespace diffbench::results::coverage
