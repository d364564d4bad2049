#pragma once
// Everything the phases of one run share: what is measured, by which ranks, and where rank 0 writes it.
//
//   Session session(world, suite, cells, make_runner, clock);
//   session.open(options);       // begins or resumes a run; all ranks learn what is left to do
//   prepare_cells(session);      // preparation.h
//   check_cells(session);        // check.h
//   time_cells(session);         // rounds.h
//   judge_cells(session, tools); // judge.h
//   session.finish();

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/measure/clock.h"
#include "harness/measure/runner.h"
#include "harness/measure/writer.h"
#include "harness/ranks/communicator.h"
#include "harness/suite/plan.h"

namespace diffbench::measure {

// a cell of the plan, as far as it has come; the same on every rank
struct CellState {
  suite::Cell cell;
  std::string identity;  // identity.h
  int64_t id = 0;        // row in the database
  results::CellStatus status = results::CellStatus::kPending;
  std::string reason;
  int rounds_done = 0;  // stored
  bool timing_done = false;
  std::unique_ptr<Runner> runner;

  bool is_alive() const { return status == results::CellStatus::kPending || status == results::CellStatus::kOk; }
  // cells with one key make the same samples: those of a method that decides by batch depend on the batch
  std::string judgement_key() const {
    const bool by_batch = runner->facts().decides == "batch";
    return by_batch ? cell.quality_key + "/b" + std::to_string(cell.batch) : cell.quality_key;
  }
};

class Session;

struct SessionOptions {
  std::string database{};
  std::vector<std::string> command_line{};
  std::string identity{};                             // of suite, --set and --only
  std::vector<results::ArtifactRow> quality_files{};  // read by every cell that is judged
  bool resume = false;
  results::PartRow part{};  // 1 of 1: all of it
  // runs once every cell has its runner and nothing is written yet; InputError: nothing will be
  std::function<void(const Session&)> check{};
};

class Session {
 public:
  using MakeRunner = std::function<std::unique_ptr<Runner>(const suite::Cell&)>;

  // a rank's device has been chosen by whoever makes runners
  Session(const ranks::Communicator& world, suite::Suite suite, const std::vector<suite::Cell>& cells,
          MakeRunner make_runner, const Clock& clock);

  // Makes every cell's runner (a cell whose model or parameters are wrong is an InputError: nothing is written), then
  // begins a run, or with `resume` goes on with the unfinished one of the same identity and rank count.
  void open(const SessionOptions& options);
  // Cells that are still pending become ok, estimates are computed and the run is finished; true when no cell failed.
  bool finish();

  // Collective, between pieces of work: where a rank has been asked to end (stop_signals.h), all ranks do, by
  // AgreedError.
  void leave_if_asked() const;
  void throw_if_asked() const;  // the same inside of what is agreed on anyway

  // On every rank, with the same reason everywhere: the cell is stored as failed, whatever it measured before.
  void fail_cell(CellState& state, const std::string& reason);

  int64_t elapsed_ns() const { return clock.now_ns() - start_ns_; }  // since the run began here

  const ranks::Communicator& world;
  suite::Suite suite;
  std::vector<CellState> cells;
  Writer writer;
  const Clock& clock;
  int64_t run_id = 0;
  results::PartRow part{};  // of the run, that this session makes
  int timing_ranks = 0;     // that the times are of; a resumed run may sample on others

 private:
  void skip_what_is_missing();
  void set_status(CellState& state, results::CellStatus status, const std::string& reason);

  MakeRunner make_runner_;
  int64_t start_ns_;
  std::string to_go_on_;
};

// every file that a cell reads, those that it is judged with included
std::vector<results::ArtifactRow> files_of(const CellState& state, const SessionOptions& options);

// session_begin.cpp and session_resume.cpp: set run_id and what the cells know of the database
void begin_run(Session& session, const SessionOptions& options);
void resume_run(Session& session, const SessionOptions& options);

}  // namespace diffbench::measure
