// Writes what the rule of `diffbench ab` does on made-up machines (minutes; the same on every computer):
//
//   sequence_table > results/coverage/sequence.csv           how often it errs, and when it sees an effect
//   sequence_table power > results/coverage/power.csv        what it says of an effect when the planned end has come
#include <cstdio>
#include <string>
#include <vector>

#include "results/coverage/sequence.h"

namespace {

using namespace diffbench::results::coverage;

std::vector<Machine> machines() {
  std::vector<Machine> all(kMachines.begin(), kMachines.end());
  all.push_back(kSharedCores);
  return all;
}

void write_errors() {
  constexpr int kTrials = 4000;  // a share of 0.05 is then known to 0.0034
  std::puts("machine,trials,rounds,missed,missed_by_one_look,rounds_3_percent,rounds_5_percent,rounds_10_percent");
  for (const Machine& machine : machines()) {
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

void write_power(const Machine& machine, double scatter_of_starts, int starts) {
  constexpr int kTrials = 2000;
  const PowerOptions options{.trials = kTrials, .scatter_of_starts = scatter_of_starts, .starts = starts};
  for (const PowerFacts& facts : power(machine, options)) {
    std::printf("%s,%g,%d,%d,%d,%g,%.4f,%.4f,%.4f,%.4f\n", std::string(machine.name).c_str(), scatter_of_starts, starts,
                kTrials, facts.rounds, facts.effect, facts.sequence.slower, facts.turns.slower, facts.sequence.same,
                facts.turns.same);
  }
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** words) {
  if (count > 1 && std::string(words[1]) == "power") {
    std::puts(
        "machine,scatter_of_starts,starts,trials,rounds,effect,slower_by_sequence,slower_by_turns,same_by_sequence,"
        "same_by_turns");
    for (const Machine& machine : machines()) write_power(machine, 0, 1);
    for (const int starts : {1, 10}) write_power(kSharedCores, kScatterOfStarts, starts);
  } else {
    write_errors();
  }
}
