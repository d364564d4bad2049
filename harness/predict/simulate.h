#pragma once
// Quality sampling on a cluster, event by event on a clock of its own: the rule that deals batches out is the one that
// real runs use (harness/ranks/dealer.h); how long things take is what was measured.
//
//   const Forecast forecast = simulate(cluster, {.pieces = 782, .piece_ns = {91e6, 93e6}, .result_bytes = 5e5});
//   print(forecast.wall_ns, forecast.efficiency, forecast.limit);
//
// What happens, as in harness/ranks/share_work.cpp: a rank's wish travels to rank 0 with its last result; rank 0's
// clerk answers one wish after the other, then stores what came; the answer travels back. Rank 0 itself asks without a
// network. Batch times are drawn from those given, each rank's divided by its speed.

#include <cstdint>
#include <string>
#include <vector>

#include "harness/predict/cluster.h"

namespace diffbench::predict {

struct Work {
  std::int64_t pieces = 0;         // batches
  std::vector<double> piece_ns{};  // that a rank of speed 1 was seen to take
  double result_bytes = 0;         // of a batch, over the link
  double storing_ns = 0;           // of a batch, on rank 0
  std::uint64_t seed = 0;          // which of the times a batch gets
};

struct Forecast {
  double wall_ns = 0;
  double efficiency = 0;   // of what the ranks would give if none ever waited
  double imbalance = 0;    // busiest rank over the mean
  double clerk_share = 0;  // of the wall time, that rank 0's clerk is at work
  std::string limit{};     // what the rest is lost to
};

Forecast simulate(const Cluster& cluster, const Work& work);

}  // namespace diffbench::predict
