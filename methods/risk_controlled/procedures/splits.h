#pragma once
// What the procedures are worth on a table of losses: it is split at random, many times over, into units that a
// threshold is chosen on and units that its risk is measured on.
//
//   const auto rows = evaluate_splits(table, {.splits = 50, .calibration_units = 100, .seed = 0,
//                                             .epsilons = {0.05, 0.1}, .delta = 0.1, .bound = 1.0});
//   rows[0].risk.mean;      // of procedure rows[0].procedure at rows[0].epsilon
//
// Where no threshold qualifies the full network runs: it loses nothing and executes all blocks. Splits share units, so
// how far they spread says less than as many tables would. InputError of one line: what calibrate() refuses, an epsilon
// out of range, or no units left to calibrate or to test on.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "methods/risk_controlled/procedures/risk_control.h"

namespace diffbench::risk_control {

struct SplitRequest {
  size_t splits = 50;
  size_t calibration_units = 0;  // of each split, the others are its test; 0: half of them
  uint64_t seed = 0;
  std::vector<double> epsilons{};
  double delta = 0.1;
  double bound = 1.0;
};

// over splits; with delta = 0.1 `high` is what a bound that holds with probability 1 - delta speaks of
inline constexpr double kLowQuantile = 0.1;
inline constexpr double kHighQuantile = 0.9;

struct Spread {
  double mean = 0.0;
  double low = 0.0;
  double median = 0.0;
  double high = 0.0;
};

// `values`: at least one; quantiles interpolate between neighbours
Spread spread_of(std::vector<double> values);

struct SplitRow {
  const Procedure* procedure = nullptr;
  double epsilon = 0.0;
  Spread risk{};                 // mean loss of the test units at the chosen threshold
  std::optional<Spread> exit{};  // share of the blocks at the chosen threshold, where the table has it
  double exceeded_ratio = 0.0;   // splits whose test risk exceeds epsilon
  double none_ratio = 0.0;       // splits where no threshold qualified
};

// [splits] of all units in random order, the same on every machine; more splits begin with those of fewer
std::vector<std::vector<size_t>> split_orders(size_t units, size_t splits, uint64_t seed);

// throws before anything is computed; how many units calibrate
size_t check(const LossTable& table, const SplitRequest& request);

// by procedure, then by epsilon as given
std::vector<SplitRow> evaluate_splits(const LossTable& table, const SplitRequest& request,
                                      std::span<const Procedure> candidates = procedures());

}  // namespace diffbench::risk_control
