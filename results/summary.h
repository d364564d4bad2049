#pragma once
// One struct per cell with everything that the table at the end of a run shows: view cell_summary, typed.
//
//   store_estimates(store, run);  // results/estimates.h: what is read here was computed there
//   for (const CellSummary& cell : summarize(store, run)) print(cell.method_label, cell.speedup);
//
// An empty optional: not measured, not defined (a realised fraction where the theoretical speed-up is 1), or the cell
// is not ok.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "results/rows.h"
#include "results/statistics.h"
#include "results/store.h"

namespace diffbench::results {

// A row of table estimate or quality.
struct Estimate {
  double value = 0;
  std::optional<Interval> interval{};  // none: n supports none
  std::int64_t n = 0;
  std::string rule{};
};

struct CellSummary {
  std::int64_t cell = 0;
  CellRow row{};
  CellStatus status = CellStatus::kPending;
  std::string reason{};
  std::string stop_reason{};
  std::int64_t repetitions = 0;
  std::int64_t samples_seen = 0;                       // over the counted repetitions
  std::map<std::string, std::int64_t> disturbances{};  // repetitions that count although something came between: why
  std::int64_t disturbed_repetitions = 0;              // one may be disturbed for two reasons
  std::optional<bool> warmup_converged{};
  std::int64_t warmup_repetitions = 0;
  // by metric, those of a further extractor as "fid@clip"; of a cell that is not ok: none
  std::map<std::string, Estimate, std::less<>> estimates{};
  std::string sample_checksum{};
  bool on_pareto_front = false;

  const Estimate* find(std::string_view metric) const;  // nullptr: there is none
  std::optional<double> value(std::string_view metric) const;
};

// In the order of the plan.
std::vector<CellSummary> summarize(const Store& store, std::int64_t run_id);

}  // namespace diffbench::results
