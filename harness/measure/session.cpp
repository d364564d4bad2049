#include "harness/measure/session.h"

#include <ATen/Parallel.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "harness/environment/environment.h"
#include "harness/measure/rank_message.h"
#include "methods/config/input_error.h"
#include "methods/data/sha256.h"
#include "results/summary.h"

namespace diffbench::measure {
namespace {

using results::CellRole;
using results::CellStatus;

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

results::MachineRow machine_row(const environment::Environment& here) {
  return {.host = here.host,
          .cpu_model = unless_empty(here.cpu_model),
          .core_count = here.core_count,
          .memory_bytes = here.memory_bytes,
          .gpu_names = nlohmann::json(here.gpu_names).dump(),
          .os = unless_empty(here.os),
          .compiler = unless_empty(here.compiler),
          .compiler_flags = unless_empty(here.compiler_flags),
          .torch_version = unless_empty(here.torch_version),
          .mpi_version = unless_empty(here.mpi_version),
          .cuda_version = unless_empty(here.cuda_runtime),
          .driver_version = unless_empty(here.driver_version),
          .governor = unless_empty(here.governor),
          .load_average_1min = here.load_average_1min};
}

// "cuda" spreads ranks over the devices of their machine
std::string device_of_rank(const std::string& device, int rank) {
  if ((device == "auto" || device == "cuda") && cuda_is_available()) {
    // NOLINTNEXTLINE(bugprone-signed-char-misuse): LibTorch counts devices in a signed char
    const auto count = static_cast<int>(at::detail::getCUDAHooks().deviceCount());
    return "cuda:" + std::to_string(rank % count);
  }
  return device;
}

}  // namespace

Session::Session(const ranks::Communicator& communicator, suite::Suite the_suite,
                 const std::vector<suite::Cell>& planned)
    : world(communicator),
      suite(std::move(the_suite)),
      models_(device_of_rank(suite.run.device, communicator.rank())),
      start_ns_(now_ns()) {
  at::set_num_threads(suite.run.threads);
  cells.resize(planned.size());
  for (size_t i = 0; i < planned.size(); ++i) {
    cells[i].cell = planned[i];
  }
}

void Session::open(const SessionOptions& options) {
  world.together([&] { make_runners(); });
  world.together([&] {
    if (world.rank() != 0) {
      return;
    }
    try {
      store = results::Store::open_or_create(options.database);
      begin_or_resume(options);
    } catch (const results::DatabaseError& error) {
      throw config::InputError(error.what());  // the user's file: every rank ends with exit code 2
    }
  });
  store_machines();
  share_progress();
}

void Session::make_runners() {
  for (auto& state : cells) {
    state.runner = std::make_unique<CellRunner>(state.cell, suite, models_);
  }
}

void Session::begin_or_resume(const SessionOptions& options) {
  const std::string sha = data::sha256(options.identity);
  if (options.resume) {
    const auto unfinished = store->find_unfinished_run(sha);
    if (!unfinished) {
      throw config::InputError(options.database +
                               ": --resume: no unfinished run of this suite with these --set and --only");
    }
    run_id = *unfinished;
    const auto stored = store->cells(run_id);
    if (!stored.empty() && stored.front().row.ranks != world.size()) {
      throw config::InputError(options.database + ": --resume: the run was started on " +
                               std::to_string(stored.front().row.ranks) + " ranks, this is " +
                               std::to_string(world.size()));
    }
    for (auto& state : cells) {
      const auto found = std::find_if(stored.begin(), stored.end(),
                                      [&](const results::StoredCell& row) { return row.row.key == state.cell.key; });
      if (found == stored.end()) {
        throw config::InputError(options.database + ": --resume: the unfinished run has no cell " + state.cell.key);
      }
      if (found->row.model_fingerprint != state.runner->model().fingerprint) {
        throw config::InputError(options.database + ": --resume: model '" + state.cell.model +
                                 "' has changed since the run began");
      }
      state.id = found->id;
      state.status = found->status;
      state.reason = found->reason;
      state.rounds_done = static_cast<int>(store->completed_rounds(found->id).size());
      state.has_trace = store->has_trace(found->id);
    }
    for (const auto& summary : results::summarize(*store, run_id)) {
      for (auto& state : cells) {
        if (state.id == summary.cell) {
          state.timing_done = !summary.stop_reason.empty();
        }
      }
    }
    return;
  }

  const auto here = environment::capture();
  results::Transaction transaction(*store);
  run_id = store->begin_run({.suite_name = suite.name,
                             .suite_text = suite.text,
                             .suite_sha = sha,
                             .seed = suite.seed,
                             .argv = options.argv_json,
                             .git_sha = unless_empty(here.git_sha),
                             .git_dirty = here.git_sha.empty() ? std::nullopt : std::optional(here.git_dirty),
                             .program_version = here.program_version});
  std::vector<results::CellRow> rows;
  for (const auto& state : cells) {
    const auto& cell = state.cell;
    const auto& model = state.runner->model();
    rows.push_back({.key = cell.key,
                    .method = cell.method,
                    .method_label = cell.label,
                    .method_params = cell.method_params.dump(),
                    .role = cell.method == "null"   ? CellRole::kNull
                            : cell.baseline         ? CellRole::kMethod
                            : cell.method == "full" ? CellRole::kBaseline
                                                    : CellRole::kMethod,
                    .baseline_key = cell.baseline ? cells[static_cast<size_t>(*cell.baseline)].cell.key : "",
                    .model = cell.model,
                    .model_fingerprint = model.fingerprint,
                    .solver = cell.solver,
                    .solver_params = cell.solver_params.dump(),
                    .grid = cell.grid,
                    .steps = cell.steps,
                    .batch = cell.batch,
                    .precision = cell.precision,
                    .device = model.compute.device.is_cuda() ? "cuda" : "cpu",
                    .ranks = world.size(),
                    .scenario = cell.scenario});
  }
  const auto ids = store->add_cells(run_id, rows);
  for (size_t i = 0; i < cells.size(); ++i) {
    cells[i].id = ids[i];
  }
  transaction.commit();
}

void Session::store_machines() {
  const auto here = environment::capture();
  const nlohmann::json document = {{"environment", here},
                                   {"device", cells.front().runner->model().compute.device.str()},
                                   {"pid", static_cast<int64_t>(::getpid())}};
  const std::string text = document.dump();
  const auto all = world.gather(pack_text(text));
  world.together([&] {
    if (world.rank() != 0) {
      return;
    }
    results::Transaction transaction(*store);
    for (size_t rank = 0; rank < all.size(); ++rank) {
      const auto from = nlohmann::json::parse(unpack_text(all[rank]));
      const auto there = from.at("environment").get<environment::Environment>();
      store->put_machine(run_id, machine_row(there));
      store->put_rank(run_id, {.rank = static_cast<int>(rank),
                               .host = there.host,
                               .device = from.at("device"),
                               .threads = suite.run.threads,
                               .pid = from.at("pid")});
    }
    transaction.commit();
  });
}

// what rank 0 read from the database, on every rank
void Session::share_progress() {
  nlohmann::json progress = nlohmann::json::array();
  for (const auto& state : cells) {
    progress.push_back({static_cast<int>(state.status), state.rounds_done, state.has_trace, state.reason,
                        state.timing_done, state.id});
  }
  const auto shared = nlohmann::json::parse(world.broadcast(progress.dump()));
  for (size_t i = 0; i < cells.size(); ++i) {
    cells[i].status = static_cast<CellStatus>(shared[i][0].get<int>());
    cells[i].rounds_done = shared[i][1];
    cells[i].has_trace = shared[i][2];
    cells[i].reason = shared[i][3];
    cells[i].timing_done = shared[i][4];
    cells[i].id = shared[i][5];
  }
}

void Session::fail_cell(CellState& state, const std::string& reason) {
  state.status = CellStatus::kFailed;
  state.reason = reason;
  if (store) {
    store->set_cell_status(state.id, CellStatus::kFailed, reason);
  }
}

bool Session::finish() {
  bool ok = true;
  for (auto& state : cells) {
    if (state.status == CellStatus::kPending) {
      state.status = CellStatus::kOk;
      if (store) {
        store->set_cell_status(state.id, CellStatus::kOk);
      }
    }
    ok = ok && state.status != CellStatus::kFailed;
  }
  if (store) {
    store->finish_run(run_id, ok);
  }
  return ok;
}

std::vector<int64_t> Session::repetition_samples(const suite::Cell& cell) const {
  std::vector<int64_t> samples(static_cast<size_t>(cell.batch));
  for (int i = 0; i < cell.batch; ++i) {
    samples[static_cast<size_t>(i)] = static_cast<int64_t>(world.rank()) * cell.batch + i;
  }
  return samples;
}

int64_t Session::elapsed_ns() const { return now_ns() - start_ns_; }

}  // namespace diffbench::measure
