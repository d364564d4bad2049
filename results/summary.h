#pragma once
// One struct per cell with everything that the table at the end of a run shows: view cell_summary plus intervals.
//
//   for (const CellSummary& cell : summarize(store, run)) print(cell.method_label, cell.speedup,
//   cell.speedup_interval);
//
// An empty optional: not measured, not defined (a realised fraction where the theoretical speed-up is 1), or the cell
// is not ok. Intervals are at 95 % and deterministic: the bootstrap is seeded with the run's seed.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "results/rows.h"
#include "results/statistics.h"
#include "results/store.h"

namespace diffbench::results {

struct CellSummary {
  std::int64_t cell = 0;
  std::string key;
  std::string method;
  std::string method_label;
  CellRole role = CellRole::kMethod;
  std::string model;
  std::string solver;
  std::string grid;
  int steps = 0;
  int batch = 0;
  std::string precision;
  std::string device;
  int ranks = 0;
  std::string scenario;
  CellStatus status = CellStatus::kPending;
  std::string reason;
  std::string stop_reason;
  std::int64_t repetitions = 0;
  std::optional<double> latency_ns;             // median over repetitions
  std::optional<Interval> latency_interval_ns;  // order statistics; needs 6 repetitions
  std::optional<double> images_per_s;
  std::optional<double> speedup;             // 1 for the baseline itself
  std::optional<Interval> speedup_interval;  // bootstrap over paired rounds; needs 2 rounds
  std::optional<double> theoretical_speedup;
  std::optional<double> realised_fraction;
  std::optional<Interval> realised_interval;  // the speed-up's interval carried through
  std::optional<double> blocks_ratio;
  std::optional<double> null_overhead_ratio;
  std::optional<double> fid;
  std::optional<Interval> fid_interval;
  std::optional<std::int64_t> fid_n;
  std::string sample_checksum;
  bool on_pareto_front = false;
};

// What recording costs a cell: the median over rounds of time with it over time without it, and its bootstrap interval.
struct OverheadSummary {
  std::string key;
  std::string mode;  // nvtx | activities | everything
  double ratio = 0;
  Interval interval;
};
std::vector<OverheadSummary> summarize_overhead(const Store& store, std::int64_t run_id);

// In the order of the plan.
std::vector<CellSummary> summarize(const Store& store, std::int64_t run_id);

}  // namespace diffbench::results
