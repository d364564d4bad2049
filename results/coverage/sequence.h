#pragma once
// What the rule of `diffbench ab` does on a machine that is known: how often its interval has ever missed the truth
// when it is looked at after every round, and after how many rounds it sees an effect.
//
//   const SequenceFacts facts = watch(kMachines[2], {.trials = 4000, .rounds = 400});
//   // facts.missed <= 0.05 whatever the machine; facts.missed_by_one_look is what a rule for one look would do

#include <array>
#include <optional>

#include "results/coverage/machines.h"

namespace diffbench::results::coverage {

struct WatchOptions {
  int trials = 1000;
  int rounds = 400;
  std::uint64_t seed = 1;
};

struct SequenceFacts {
  double missed = 0;              // share of the trials in which some look's interval missed, at 95 %
  double missed_by_one_look = 0;  // the same of median_interval
  // median rounds until a slowdown of kEffects is called against a smallest effect of 2 % at a level of 1 %; empty
  // where half of the trials do not get there
  std::array<std::optional<double>, 3> rounds_to_call{};
};

inline constexpr std::array kEffects = {0.03, 0.05, 0.10};

SequenceFacts watch(const Machine& machine, const WatchOptions& options);

}  // namespace diffbench::results::coverage
