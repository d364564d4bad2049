#pragma once
// Measures cells one repetition at a time and stores them round by round. Which cell is next, and when it is enough, is
// for others to say: rounds.h for a run of its own, turns.h for one that takes turns with another program.
//
//   RoundTimer timer(session);                       // knows what earlier processes of this run have measured
//   timer.measure(cell, round);                      // warms it before its first repetition here
//   timer.store_round();                             // one transaction
//
// Every round makes samples of its own, the same for all methods, and the trace is summed over all of them: theory and
// time speak of the same samples.

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "harness/measure/repetition.h"
#include "harness/measure/session.h"
#include "harness/measure/trace_sum.h"

namespace diffbench::measure {

class RoundTimer {
 public:
  explicit RoundTimer(Session& session);

  // False where the cell failed meanwhile; a cell that is warm already is left alone.
  bool warm(CellState& state);
  // Time of the slowest rank, on every rank; nothing where the cell failed.
  std::optional<int64_t> measure(CellState& state, int round);
  void store_round();

  // of counted repetitions; on rank 0 those of earlier processes too
  std::vector<double> durations_ns(const CellState& state) const;

 private:
  void load(const results::Store& store);

  Session& session_;
  Repeater repeater_;
  std::set<int64_t> warm_;                            // ids of cells
  std::map<int64_t, std::vector<double>> durations_;  // by cell id
  std::map<int64_t, TraceSum> traces_;                // by cell id, over all rounds; whole on rank 0
  std::vector<results::TimingRow> rows_;              // of the round in flight; on rank 0
  std::set<int64_t> traced_;                          // cells of the round in flight
};

}  // namespace diffbench::measure
