// Writes the coverage table: coverage_table > results/coverage/coverage.csv (minutes; the same on every computer).
#include <array>
#include <cstdio>
#include <string>
#include <tuple>

#include "results/coverage/coverage.h"

namespace {

using namespace diffbench::results::coverage;

constexpr int kTrials = 20'000;     // a share of 0.95 is then known to 0.0015
constexpr int kSlowTrials = 2'000;  // to 0.005
constexpr int kNarrowTrials = 4'000;

void write(std::string_view estimand, const Machine& machine, const Rule& rule, const std::string& n, int trials,
           const Coverage& found) {
  std::printf("%s,%s,\"%s\",%s,%d,%.4f,%.4f\n", std::string(estimand).c_str(), std::string(machine.name).c_str(),
              std::string(rule.name).c_str(), n.c_str(), trials, found.share, found.relative_width);
  std::fflush(stdout);
}

}  // namespace

int main() {
  std::puts("estimand,machine,rule,n,trials,coverage,relative_width");
  for (const Machine& machine : kMachines) {
    for (const Rule& rule : kRules) {
      const int trials = rule.is_slow ? kSlowTrials : kTrials;
      for (const int n : {2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 30, 50, 100}) {
        for (const auto& [name, estimand] :
             {std::pair{"speedup", Estimand::kSpeedup}, std::pair{"latency", Estimand::kLatency}}) {
          if (const auto found = cover(machine, rule, estimand, n, {.trials = trials})) {
            write(name, machine, rule, std::to_string(n), trials, *found);
          }
        }
      }
    }
    for (const auto& [target, speedup, latency] : {std::tuple{0.02, "speedup until 2 %", "latency until 2 %"},
                                                   {0.01, "speedup until 1 %", "latency until 1 %"}}) {
      const CoverOptions options = {.trials = kNarrowTrials, .target_half_width = target};
      for (const auto& [name, estimand] : {std::pair{speedup, Estimand::kSpeedup}, {latency, Estimand::kLatency}}) {
        if (const auto found = cover(machine, kRules[0], estimand, 50, options)) {
          write(name, machine, kRules[0], std::to_string(static_cast<int>(found->rounds)), kNarrowTrials, *found);
        }
      }
    }
    if (machine.swing > 0) continue;  // what a percentile of a drifting machine is depends on when one asks
    for (const int n : {36, 50, 100, 400}) {
      for (const auto& [name, estimand] : {std::pair{"p90", Estimand::kP90}, std::pair{"p99", Estimand::kP99}}) {
        if (const auto found = cover(machine, kRules[1], estimand, n, {.trials = kSlowTrials})) {
          write(name, machine, kRules[1], std::to_string(n), kSlowTrials, *found);
        }
      }
    }
  }
}
