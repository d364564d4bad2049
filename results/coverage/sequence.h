#pragma once
// What the rule of `diffbench ab` does on a machine that is known: how often its interval has ever missed the truth
// when it is looked at after every round and at the planned end, and what effect it sees when.
//
//   const SequenceFacts facts = watch(kMachines[2], {.trials = 4000, .rounds = 400});
//   // facts.missed <= 0.05 whatever the machine; facts.missed_by_one_look is what a rule for one look would do
//   for (const PowerFacts& facts : power(kSharedCores, {.trials = 2000})) use(facts.rounds, facts.effect, facts.turns);

#include <array>
#include <optional>
#include <vector>

#include "results/coverage/machines.h"

namespace diffbench::results::coverage {

struct WatchOptions {
  int trials = 1000;
  int rounds = 400;  // planned
  std::uint64_t seed = 1;
};

struct SequenceFacts {
  double missed = 0;              // share of the trials in which some look's interval missed, at 95 %
  double missed_by_one_look = 0;  // the same of median_interval
  // median rounds until a slowdown of kEffects is called, before the end, against a smallest effect of 2 % at a level
  // of 1 %; empty where half of the trials do not get there
  std::array<std::optional<double>, 3> rounds_to_call{};
};

inline constexpr std::array kEffects = {0.03, 0.05, 0.10};

SequenceFacts watch(const Machine& machine, const WatchOptions& options);

// Shares of runs with a verdict when they are over, against a smallest effect of 2 % at a level of 1 %.
struct Verdicts {
  double slower = 0;
  double same = 0;
};

struct PowerFacts {
  int rounds = 0;  // planned
  double effect = 0;
  Verdicts sequence{};  // the confidence sequence with all of the level
  Verdicts turns{};     // the rule in use
};

inline constexpr std::array kPlannedRounds = {50, 200, 1000};
inline constexpr std::array kPowerEffects = {0.005, 0.01, 0.02, 0.03, 0.10};

struct PowerOptions {
  int trials = 1000;
  std::uint64_t seed = 1;
  double scatter_of_starts = 0;  // from one start of the programs to the next, standard deviation
  int starts = 1;                // that the planned rounds are spread over
};

// every effect after every planned number of rounds
std::vector<PowerFacts> power(const Machine& machine, const PowerOptions& options);

}  // namespace diffbench::results::coverage
