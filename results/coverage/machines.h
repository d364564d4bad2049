#pragma once
// Made-up machines: times of rounds in which nothing but chance, drift and bursts is at work, so that the truth is
// known.
//
//   Simulation simulation(kMachines[1], 7);           // the same numbers for the same seed, on every computer
//   const Rounds rounds = simulation.run(30);         // 30 rounds of a baseline and a method
//   simulation.median_time(rounds);                   // what an interval of the method's latency has to hold
//
// A time is 1 (the baseline: kTrueSpeedup) * the machine's speed at that moment * noise. Both cells of a round run one
// after the other, in random order, as `diffbench run` does it.

#include <array>
#include <cstdint>
#include <random>
#include <string_view>
#include <vector>

namespace diffbench::results::coverage {

inline constexpr double kTrueSpeedup = 1.5;  // the truth behind every ratio

struct Machine {
  std::string_view name;
  double noise = 0.02;           // relative, of a repetition
  bool is_heavy_tailed = false;  // Student's t with 2 degrees of freedom (no variance) in place of a normal
  double burst_probability = 0;  // that a repetition is hit: it takes longer by an exponential share, 50 % in the mean
  double swing = 0;              // slow change of speed over the run: a wave of this height and random phase,
  double wander = 0;             // and a random walk with this step per round
};

inline constexpr std::array kMachines = {
    Machine{"even"},
    Machine{"drift", 0.02, false, 0, 0.1, 0.01},
    Machine{"bursts", 0.02, false, 0.1},
    Machine{"heavy tails", 0.02, true},
    Machine{"all of it", 0.02, true, 0.1, 0.1, 0.01},
};

// What the ratios of neighbours scattered like on the machine of results/gate_trust: 5 % (1.4826 times the median of
// absolute deviations), one in ten beyond 14 %, one in fifty beyond 28 %.
inline constexpr Machine kSharedCores{"two shared cores", 0.03, true};
// By so much (standard deviation) the ratio of the same two programs differed there from one start of them to the next.
inline constexpr double kScatterOfStarts = 0.003;

struct Rounds {
  std::vector<double> baseline{};
  std::vector<double> method{};
  std::vector<double> log_speed{};     // of the machine when the method ran: its part of the method's time
  std::vector<double> ratios() const;  // baseline / method, round by round
};

class Simulation {
 public:
  Simulation(const Machine& machine, std::uint64_t seed);
  Rounds run(int count);
  // Median of the method's time over this run: of a repetition at a moment of it drawn at random.
  double median_time(const Rounds& rounds) const;
  // Of the noise alone, as a factor: the percentile of the time on a machine that does not drift.
  double noise_quantile(double q) const;
  double normal();

 private:
  double uniform();  // inside (0, 1)
  double log_noise();
  double log_noise_below(double log_time) const;  // share of the noise that is smaller

  Machine machine_;
  std::mt19937_64 generator_;         // its numbers are the same everywhere; those of std's distributions are not
  std::vector<double> sorted_noise_;  // a large sample: the noise has no formula
};

}  // namespace diffbench::results::coverage
