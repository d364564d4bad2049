#include "results/coverage/sequence.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "results/compare/contrast.h"
#include "results/statistics.h"

namespace diffbench::results::coverage {
namespace {

constexpr double kSmallestEffect = 0.02;
constexpr double kLevel = 0.01;  // of one cell among five

bool misses(const std::optional<Interval>& interval) { return interval && (interval->low > 0 || interval->high < 0); }

// logarithms of paired ratios whose median is 0
std::vector<double> log_ratios(Simulation& simulation, int rounds) {
  std::vector<double> logs = simulation.run(rounds).ratios();
  for (double& value : logs) value = std::log(value / kTrueSpeedup);
  return logs;
}

bool misses_with_one_look(std::span<const double> logs) {
  for (std::size_t n = 6; n <= logs.size(); ++n) {
    if (misses(median_interval(logs.first(n)))) return true;
  }
  return false;
}

// rounds until the claim stands; infinite: not among these
double rounds_to_call(std::span<const double> logs, double effect) {
  std::vector<double> shifted(logs.begin(), logs.end());
  for (double& value : shifted) value += std::log1p(effect);
  const auto called = [&](std::size_t n) {
    return turns_of(std::span(shifted).first(n), false)->p_beyond(std::log1p(kSmallestEffect)) <= kLevel;
  };
  if (!called(shifted.size())) return std::numeric_limits<double>::infinity();
  std::size_t not_yet = 0;
  std::size_t done = shifted.size();
  while (done - not_yet > 1) {  // p only falls with the rounds
    const std::size_t middle = not_yet + (done - not_yet) / 2;
    (called(middle) ? done : not_yet) = middle;
  }
  return static_cast<double>(done);
}

// the first `rounds` of them, each moved by what its start of the programs does to the ratio
std::vector<double> with_starts(std::span<const double> logs, int rounds, std::span<const double> of_starts) {
  const auto planned = static_cast<std::size_t>(rounds);
  std::vector<double> moved(logs.begin(), logs.begin() + rounds);
  for (std::size_t i = 0; i < planned; ++i) moved[i] += of_starts[i * of_starts.size() / planned];
  return moved;
}

// what an interval around no effect says once an effect has moved it
void count(const std::optional<Interval>& interval, double shift, Verdicts& verdicts) {
  const double margin = std::log1p(kSmallestEffect);
  if (!interval) return;
  const double low = interval->low + shift;
  const double high = interval->high + shift;
  verdicts.slower += low > margin ? 1 : 0;
  verdicts.same += low >= -margin && high <= margin ? 1 : 0;
}

}  // namespace

SequenceFacts watch(const Machine& machine, const WatchOptions& options) {
  Simulation simulation(machine, options.seed);
  int missed = 0;
  int missed_by_one_look = 0;
  std::array<std::vector<double>, kEffects.size()> rounds;
  for (int trial = 0; trial < options.trials; ++trial) {
    const auto logs = log_ratios(simulation, options.rounds);
    const auto interval = turns_of(logs, true)->interval(0.05);  // inside those of all earlier looks
    missed += !interval || misses(interval) ? 1 : 0;
    missed_by_one_look += misses_with_one_look(logs) ? 1 : 0;
    for (std::size_t i = 0; i < kEffects.size(); ++i) rounds[i].push_back(rounds_to_call(logs, kEffects[i]));
  }
  SequenceFacts facts{.missed = static_cast<double>(missed) / options.trials,
                      .missed_by_one_look = static_cast<double>(missed_by_one_look) / options.trials};
  for (std::size_t i = 0; i < kEffects.size(); ++i) {
    const auto middle = rounds[i].begin() + static_cast<std::ptrdiff_t>(rounds[i].size() / 2);
    std::nth_element(rounds[i].begin(), middle, rounds[i].end());
    if (std::isfinite(*middle)) facts.rounds_to_call[i] = *middle;
  }
  return facts;
}

std::vector<PowerFacts> power(const Machine& machine, const PowerOptions& options) {
  std::vector<PowerFacts> facts;
  for (const int rounds : kPlannedRounds) {
    for (const double effect : kPowerEffects) facts.push_back({.rounds = rounds, .effect = effect});
  }
  Simulation simulation(machine, options.seed);
  for (int trial = 0; trial < options.trials; ++trial) {
    const auto logs = log_ratios(simulation, kPlannedRounds.back());
    std::vector<double> of_starts(static_cast<std::size_t>(options.starts));
    for (double& one : of_starts) one = options.scatter_of_starts * simulation.normal();
    for (const int rounds : kPlannedRounds) {
      const auto seen = with_starts(logs, rounds, of_starts);
      const auto by_sequence = sequence_of(seen)->interval(kLevel);
      const auto by_turns = turns_of(seen, true)->interval(kLevel);
      for (PowerFacts& one : facts) {
        if (one.rounds != rounds) continue;
        const double shift = std::log1p(one.effect);
        count(by_sequence, shift, one.sequence);
        count(by_turns, shift, one.turns);
      }
    }
  }
  for (PowerFacts& one : facts) {
    for (double* share : {&one.sequence.slower, &one.sequence.same, &one.turns.slower, &one.turns.same}) {
      *share /= options.trials;
    }
  }
  return facts;
}

}  // namespace diffbench::results::coverage
