// Writes what the rule of `diffbench ab` does on made-up machines: sequence_table > results/coverage/sequence.csv
// (minutes; the same on every computer).
#include <cstdio>
#include <string>

#include "results/coverage/sequence.h"

int main() {
  using namespace diffbench::results::coverage;
  constexpr int kTrials = 4000;  // a share of 0.05 is then known to 0.0034
  std::puts("machine,trials,rounds,missed,missed_by_one_look,rounds_3_percent,rounds_5_percent,rounds_10_percent");
  for (const Machine& machine : kMachines) {
    for (const int rounds : {100, 400}) {
      const SequenceFacts facts = watch(machine, {.trials = kTrials, .rounds = rounds});
      std::printf("%s,%d,%d,%.4f,%.4f", std::string(machine.name).c_str(), kTrials, rounds, facts.missed,
                  facts.missed_by_one_look);
      for (const auto& found : facts.rounds_to_call) {
        std::printf(",%s", found ? std::to_string(static_cast<int>(*found)).c_str() : "");
      }
      std::puts("");
      std::fflush(stdout);
    }
  }
}
