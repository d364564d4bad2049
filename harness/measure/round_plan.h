#pragma once
// What a round measures: which samples, and which cells in which order. Pure functions of the seed, the same on every
// rank.
//
//   auto samples = round_samples(seed, round, rank, batch);      // the numbers of the samples that this rank makes
//   auto order = shuffled_groups(groups, seed, round);           // comparison by comparison

#include <cstddef>
#include <cstdint>
#include <vector>

namespace diffbench::measure {

// The first rounds of a cell before it counts draw from rounds of their own.
inline int64_t warm_up_round(int64_t repetition) { return -1 - repetition; }

// Drawn by (seed, round, rank): another round times other samples, every method of the round the same ones. The
// numbers lie above 2^48, apart from those that quality is judged on, and are distinct within a rank and round.
std::vector<int64_t> round_samples(uint64_t seed, int64_t round, int rank, int batch);

// Comparison after comparison, in random order, and within each its members in random order: what is compared are
// neighbours in time, so that a machine that drifts over minutes drifts out of the ratios.
std::vector<size_t> shuffled_groups(std::vector<std::vector<size_t>> groups, uint64_t seed, int64_t round);

}  // namespace diffbench::measure
