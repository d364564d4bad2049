#pragma once
// Everything the phases of one run share: what is measured, by which ranks, and where rank 0 writes it.
//
//   Session session(world, suite, cells);
//   session.open(database, options);       // rank 0: begins or resumes a run; all ranks learn what is left to do
//   check_cells(session);                  // check.h
//   time_cells(session);                   // rounds.h
//   judge_cells(session);                  // judge.h
//   session.finish();

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/measure/cell_runner.h"
#include "harness/ranks/communicator.h"
#include "harness/suite/plan.h"
#include "results/store.h"

namespace diffbench::measure {

// a cell of the plan, as far as it has come; the same on every rank
struct CellState {
  suite::Cell cell;
  int64_t id = 0;  // row in the database
  results::CellStatus status = results::CellStatus::kPending;
  std::string reason;
  int rounds_done = 0;  // stored
  bool timing_done = false;
  bool has_trace = false;
  std::unique_ptr<CellRunner> runner;  // absent where making it failed
  bool is_alive() const { return status == results::CellStatus::kPending || status == results::CellStatus::kOk; }
};

struct SessionOptions {
  std::string database;
  std::string argv_json;
  std::string identity;  // of suite, --set and --only
  bool resume = false;
};

class Session {
 public:
  Session(const ranks::Communicator& world, suite::Suite suite, const std::vector<suite::Cell>& cells);

  // Makes every cell's runner (a cell whose model or parameters are wrong is an InputError: nothing is written), then
  // begins a run, or with `resume` goes on with the unfinished one of the same identity and rank count.
  void open(const SessionOptions& options);
  // cells that are still pending become ok; the run is finished; true when no cell failed
  bool finish();

  // On every rank, with the same reason everywhere: the cell is stored as failed, whatever it measured before.
  void fail_cell(CellState& state, const std::string& reason);

  // the samples that this rank makes in each repetition of a cell
  std::vector<int64_t> repetition_samples(const suite::Cell& cell) const;
  int64_t elapsed_ns() const;  // since the run began here

  const ranks::Communicator& world;
  suite::Suite suite;
  std::vector<CellState> cells;
  std::optional<results::Store> store;  // on rank 0
  int64_t run_id = 0;

 private:
  void make_runners();
  void begin_or_resume(const SessionOptions& options);
  void store_machines();
  void share_progress();

  ModelCache models_;
  int64_t start_ns_ = 0;
};

}  // namespace diffbench::measure
