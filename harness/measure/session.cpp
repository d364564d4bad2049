#include "harness/measure/session.h"

#include "harness/environment/environment.h"
#include "harness/measure/identity.h"
#include "harness/measure/machine_rows.h"
#include "harness/measure/stop_signals.h"
#include "harness/ranks/exchange.h"
#include "results/estimates.h"

namespace diffbench::measure {
namespace {

using results::CellStatus;

void store_machines(Session& session) {
  const auto all = ranks::collect(session.world, machine_document(session.cells.front().runner->facts().device));
  session.writer.write([&](results::Store& store) {
    for (size_t rank = 0; rank < all.size(); ++rank) {
      store.put_machine(session.run_id, machine_row(all[rank]));
      if (session.timing_ranks == session.world.size())
        store.put_rank(session.run_id, rank_row(all[rank], static_cast<int>(rank), session.suite.run.threads));
    }
  });
}

// the command that goes on with the run, for a shell; a launcher before it is not known
std::string resuming(const SessionOptions& options) {
  std::string line;
  for (const auto& word : options.command_line) {
    const bool is_plain = word.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                              "_-./=:,@%+") == std::string::npos;
    std::string quoted;
    for (const char letter : word) quoted += letter == '\'' ? "'\\''" : std::string(1, letter);
    line += (line.empty() ? "" : " ") + (is_plain && !word.empty() ? word : "'" + quoted + "'");
  }
  return options.resume ? line : line + " --resume";
}

}  // namespace

std::vector<results::ArtifactRow> files_of(const CellState& state, const SessionOptions& options) {
  auto files = state.runner->facts().artifacts;
  if (state.cell.method != "null") {
    files.insert(files.end(), options.quality_files.begin(), options.quality_files.end());
  }
  return files;
}

Session::Session(const ranks::Communicator& communicator, suite::Suite the_suite,
                 const std::vector<suite::Cell>& planned, MakeRunner make_runner, const Clock& the_clock)
    : world(communicator),
      suite(std::move(the_suite)),
      writer(communicator),
      clock(the_clock),
      make_runner_(std::move(make_runner)),
      start_ns_(the_clock.now_ns()) {
  cells.resize(planned.size());
  for (size_t i = 0; i < planned.size(); ++i) {
    cells[i].cell = planned[i];
  }
}

void Session::open(const SessionOptions& options) {
  world.together([&] {
    for (auto& state : cells) {
      state.runner = make_runner_(state.cell);
      state.identity = cell_identity(state.cell, suite, state.runner->facts(), world.size());
    }
    if (options.check) options.check(*this);
  });
  to_go_on_ = "what is finished is in " + options.database + "; to go on: " + resuming(options);
  part = options.part;
  timing_ranks = world.size();
  part.host = environment::capture().host;
  writer.open(options.database);
  options.resume ? resume_run(*this, options) : begin_run(*this, options);
  store_machines(*this);
  skip_what_is_missing();
}

// What one rank cannot run, no rank runs: machines may differ in what they have, and all must go the same way.
void Session::skip_what_is_missing() {
  std::vector<std::string> missing;
  for (const auto& state : cells) missing.push_back(state.runner->facts().missing);
  const auto of_ranks = ranks::collect(world, missing);
  for (size_t rank = 0; rank < of_ranks.size(); ++rank) {
    for (size_t i = 0; i < cells.size(); ++i) {
      const auto reason = of_ranks[rank].at(i).get<std::string>();
      if (missing[i].empty() && !reason.empty()) missing[i] = "rank " + std::to_string(rank) + ": " + reason;
    }
  }
  missing = ranks::share(world, missing).get<std::vector<std::string>>();
  for (size_t i = 0; i < cells.size(); ++i) {
    if (!missing[i].empty() && cells[i].is_alive()) set_status(cells[i], CellStatus::kSkipped, missing[i]);
  }
}

void Session::throw_if_asked() const {
  if (const char* signal = stop_signal()) throw ranks::Stopped(std::string("stopped by ") + signal + "; " + to_go_on_);
}

void Session::leave_if_asked() const {
  world.together([&] { throw_if_asked(); });
}

void Session::fail_cell(CellState& state, const std::string& reason) { set_status(state, CellStatus::kFailed, reason); }

void Session::set_status(CellState& state, CellStatus status, const std::string& reason) {
  state.status = status;
  state.reason = reason;
  writer.write([&](results::Store& store) { store.set_cell_status(state.id, status, reason); });
}

bool Session::finish() {
  bool ok = true;
  for (auto& state : cells) {
    if (state.status == CellStatus::kPending) {
      state.status = CellStatus::kOk;
    }
    ok = ok && state.status != CellStatus::kFailed;
  }
  writer.write([&](results::Store& store) {
    for (const auto& state : cells) {
      if (state.status == CellStatus::kOk) {
        store.set_cell_status(state.id, CellStatus::kOk);
      }
    }
  });
  writer.with_store([&](results::Store& store) { results::store_estimates(store, run_id); });
  writer.write([&](results::Store& store) { store.finish_run(run_id, ok); });
  return ok;
}

}  // namespace diffbench::measure
