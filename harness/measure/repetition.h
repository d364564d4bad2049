#pragma once
// One repetition of a cell on all ranks at once, with everything that is recorded about it.
//
//   Repeater repeater(session);
//   const auto done = repeater.repeat(cell, round_samples(seed, round, world.rank(), batch), {.round = round});
//   if (done) rows.insert(rows.end(), done->rows.begin(), done->rows.end());
//
// Its time is the slowest rank's. A rank that throws, and samples that are not finite, make the cell failed on every
// rank.

#include <map>
#include <optional>
#include <vector>

#include "harness/measure/counters.h"
#include "harness/measure/session.h"

namespace diffbench::measure {

struct Repetition {
  int64_t duration_ns = 0;               // of the slowest rank; on every rank
  std::vector<results::TimingRow> rows;  // one per rank; on rank 0
  std::vector<Trace> traces;             // the same
  int64_t samples = 0;                   // of all ranks; on rank 0
};

class Repeater {
 public:
  explicit Repeater(Session& session);

  // Nothing where the cell failed. `round` goes into the rows.
  std::optional<Repetition> repeat(CellState& state, const std::vector<int64_t>& samples, int round);

 private:
  void flag_disturbances(int64_t cell, Repetition& done, const std::vector<Counters>& passed);

  Session& session_;
  CounterReader counters_;
  // by cell and rank, of repetitions so far; on rank 0
  std::map<std::pair<int64_t, int>, std::vector<double>> page_faults_;
};

// Repeats a cell until it is warm (warm_up.h) and stores how that went. False where the cell failed meanwhile.
bool warm_up_cell(Session& session, Repeater& repeater, CellState& state, results::Pass pass);

}  // namespace diffbench::measure
