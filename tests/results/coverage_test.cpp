// Whether intervals hold the truth as often as they say, on simulated machines: a short form of the table in
// results/README.md, with a fixed seed. 3000 trials know a share of 0.95 to 0.004.
#include "results/coverage/coverage.h"

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include "results/coverage/sequence.h"

namespace diffbench::results::coverage {
namespace {

constexpr std::array kCounts = {6, 10, 30, 100};

double share(const Machine& machine, const Rule& rule, Estimand estimand, int n, int trials = 3000) {
  const auto found = cover(machine, rule, estimand, n, {.trials = trials, .seed = 11});
  return found ? found->share : -1;
}

const Machine& machine(std::string_view name) {
  for (const Machine& candidate : kMachines) {
    if (candidate.name == name) return candidate;
  }
  throw std::logic_error("no such machine");
}

bool keeps_the_promise(double coverage) { return 0.93 <= coverage && coverage <= 0.97; }

TEST(Coverage, SpeedupsOnEveryMachine) {
  for (const Machine& each : kMachines) {
    for (const int n : kCounts) {
      const double found = share(each, kRules[0], Estimand::kSpeedup, n);
      EXPECT_TRUE(keeps_the_promise(found)) << each.name << ", n = " << n << ": " << found;
    }
  }
}

TEST(Coverage, LatenciesWhereTheMachineDoesNotDrift) {
  for (const char* name : {"even", "bursts", "heavy tails"}) {
    for (const int n : kCounts) {
      const double found = share(machine(name), kRules[0], Estimand::kLatency, n);
      EXPECT_TRUE(keeps_the_promise(found)) << name << ", n = " << n << ": " << found;
    }
  }
}

// Rounds are then a sample in strata of the run's time, which no rule for independent values can know of.
TEST(Coverage, LatenciesOnADriftingMachineAreHeldMoreOftenThanPromised) {
  for (const int n : kCounts) EXPECT_GT(share(machine("drift"), kRules[0], Estimand::kLatency, n, 500), 0.93) << n;
}

// The rule of `diffbench ab` is looked at after every round: a short form of sequence.csv.
TEST(Sequence, KeepsItsErrorRateHoweverOftenOneLooks) {
  for (const Machine& each : kMachines) {
    const SequenceFacts facts = watch(each, {.trials = 300, .rounds = 150, .seed = 5});
    EXPECT_LE(facts.missed, 0.05 + 2 * 0.0126) << each.name;
    EXPECT_GT(facts.missed_by_one_look, 0.15) << each.name << ": a rule for one look is no rule for many";
    ASSERT_TRUE(facts.rounds_to_call[2]) << each.name;
    EXPECT_LE(*facts.rounds_to_call[2], 40) << each.name << ": 10 % is found soon";
  }
}

// A short form of power.csv: what the look at the planned end is worth, and that it costs no error.
TEST(Sequence, ThePlannedEndFindsWhatTheSequenceAloneLeavesOpen) {
  for (const PowerFacts& facts : power(kSharedCores, {.trials = 300, .seed = 7})) {
    const double called = facts.turns.slower;
    const std::string where = std::to_string(facts.effect) + " after " + std::to_string(facts.rounds);
    if (facts.effect == 0.03 && facts.rounds == 1000) {
      EXPECT_GT(called, 0.9);
      EXPECT_GT(called, facts.sequence.slower + 0.1);
    } else if (facts.effect == 0.10) {
      EXPECT_GT(called, 0.99) << where;
    } else if (facts.effect < 0.03) {
      EXPECT_LE(called, facts.effect < 0.02 ? 0.005 : 0.01 + 2 * 0.0058) << where;
    }
  }
}

TEST(Sequence, StartingAgainFindsWhatOneStartHides) {
  const auto called = [](int starts) {
    const PowerOptions options{.trials = 300, .seed = 7, .scatter_of_starts = kScatterOfStarts, .starts = starts};
    const auto all = power(kSharedCores, options);
    return std::find_if(all.begin(), all.end(),
                        [](const PowerFacts& facts) { return facts.effect == 0.03 && facts.rounds == 1000; })
        ->turns.slower;
  };
  EXPECT_GT(called(10), called(1) + 0.03);
}

TEST(Coverage, PercentilesAreHeldAtLeastAsOftenAsPromised) {
  for (const char* name : {"even", "bursts", "heavy tails"}) {
    EXPECT_GT(share(machine(name), kRules[0], Estimand::kP90, 50, 1000), 0.93) << name;
    EXPECT_GT(share(machine(name), kRules[0], Estimand::kP99, 400, 500), 0.93) << name;
  }
}

TEST(Coverage, NoIntervalBelowSixValues) {
  for (const int n : {2, 3, 4, 5}) EXPECT_EQ(share(kMachines[0], kRules[0], Estimand::kSpeedup, n, 1), -1);
}

// The same bounds refuse what was not chosen, each where it fails.
TEST(Coverage, OtherRulesBreakThePromise) {
  const auto& [chosen, plain, student, bootstrap] = kRules;
  for (const auto& [n, at_most] : {std::pair{2, 0.60}, {3, 0.85}, {4, 0.92}}) {
    EXPECT_LT(share(kMachines[0], bootstrap, Estimand::kSpeedup, n, 1000), at_most) << n;
  }
  EXPECT_GT(share(kMachines[0], plain, Estimand::kSpeedup, 10), 0.97);
  EXPECT_LT(share(machine("bursts"), student, Estimand::kLatency, 100), 0.5);
  EXPECT_GT(share(machine("bursts"), student, Estimand::kSpeedup, 10), 0.97);
  const Rule range = {"smallest to largest", [](std::span<const double> values) {
                        return std::optional(Interval{quantile(values, 0), quantile(values, 1)});
                      }};
  EXPECT_GT(share(kMachines[0], range, Estimand::kSpeedup, 10), 0.97);
  const Rule quartiles = {"middle half", [](std::span<const double> values) {
                            return std::optional(Interval{quantile(values, 0.25), quantile(values, 0.75)});
                          }};
  EXPECT_LT(share(kMachines[0], quartiles, Estimand::kSpeedup, 6), 0.93);
}

// coverage.csv, of which README.md shows the figure and the table.
TEST(CoverageTable, KeepsThePromiseAndIsWhatTheProgramSays) {
  std::ifstream file(std::string(DIFFBENCH_TESTS_DIR) + "/../results/coverage/coverage.csv");
  std::string line;
  std::getline(file, line);
  EXPECT_EQ(line, "estimand,machine,rule,n,trials,coverage,relative_width");
  int speedups = 0;
  while (std::getline(file, line)) {
    if (!line.starts_with("speedup,") || line.find(kRules[0].name) == std::string::npos) continue;
    std::istringstream numbers(line.substr(line.rfind('"') + 2));
    int n = 0;
    int trials = 0;
    double found = 0;
    char comma = ' ';
    numbers >> n >> comma >> trials >> comma >> found;
    EXPECT_TRUE(keeps_the_promise(found)) << line;
    if (n == 6 && line.starts_with("speedup,all of it")) {
      EXPECT_NEAR(cover(machine("all of it"), kRules[0], Estimand::kSpeedup, n, {.trials = trials})->share, found,
                  1e-3);
    }
    ++speedups;
  }
  EXPECT_EQ(speedups, 11 * static_cast<int>(kMachines.size())) << "from 6 to 100 rounds on every machine";
}

TEST(Machines, AreTheSameForTheSameSeed) {
  Simulation first(kMachines.back(), 5);
  Simulation second(kMachines.back(), 5);
  Simulation third(kMachines.back(), 6);
  const Rounds rounds = first.run(9);
  EXPECT_EQ(rounds.method, second.run(9).method);
  EXPECT_NE(rounds.method, third.run(9).method);
}

TEST(Machines, MedianTimeIsWhatManyRepetitionsShow) {
  for (const Machine& each : kMachines) {
    Simulation simulation(each, 3);
    const Rounds rounds = simulation.run(20'000);
    EXPECT_NEAR(median(rounds.method) / simulation.median_time(rounds), 1, 0.01) << each.name;
  }
}

}  // namespace
}  // namespace diffbench::results::coverage
