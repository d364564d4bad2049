// A run that begins: its row, its methods and its cells with all that is known before anything has run.
#include <map>
#include <set>

#include "harness/environment/environment.h"
#include "harness/measure/session.h"
#include "methods/data/sha256.h"
#include "methods/registry.h"

namespace diffbench::measure {
namespace {

using results::CellRole;

results::RunRow run_row(const Session& session, const SessionOptions& options) {
  const auto here = environment::capture();
  return {.suite_name = session.suite.name,
          .suite_text = session.suite.text,
          .suite_sha = data::sha256(options.identity),
          .seed = session.suite.seed,
          .argv = nlohmann::json(options.command_line).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
          .git_sha = here.git_sha.empty() ? std::nullopt : std::optional(here.git_sha),
          .git_dirty = here.git_sha.empty() ? std::nullopt : std::optional(here.git_dirty),
          .program_version = here.program_version};
}

CellRole role_of(const suite::Cell& cell) {
  if (cell.method == "null") {
    return CellRole::kNull;
  }
  return !cell.baseline && cell.method == "full" ? CellRole::kBaseline : CellRole::kMethod;
}

results::CellRow cell_row(const Session& session, const CellState& state) {
  const auto& cell = state.cell;
  const auto& facts = state.runner->facts();
  const auto& run = session.suite.run;
  return {.key = cell.key,
          .method = cell.method,
          .method_label = cell.label,
          .method_params = facts.method_params.dump(),
          .given_params = cell.method_params.dump(),
          .decides = facts.decides,
          .role = role_of(cell),
          .baseline_key = cell.baseline ? session.cells[static_cast<size_t>(*cell.baseline)].cell.key : "",
          .model = cell.model,
          .model_fingerprint = facts.model_fingerprint,
          .solver = cell.solver,
          .solver_params = facts.solver_params.dump(),
          .given_solver_params = cell.solver_params.dump(),
          .grid = cell.grid,
          .steps = cell.steps,
          .batch = cell.batch,
          .precision = cell.precision,
          .runtime = cell.runtime,
          .device = facts.device.substr(0, facts.device.find(':')),
          .ranks = session.world.size(),
          .threads = run.threads,
          .guidance = run.guidance,
          .guidance_interval = run.guidance_interval.empty()
                                   ? std::nullopt
                                   : std::optional(nlohmann::json(run.guidance_interval).dump()),
          .guidance_exits = run.guidance_exits,
          .scenario = cell.scenario,
          .identity = state.identity};
}

std::vector<results::MethodRow> method_rows(const Session& session) {
  std::map<std::string, results::MethodRow> rows;
  for (const auto& state : session.cells) {
    const auto& entry = methods::find_method(state.cell.method, state.cell.key);
    rows[entry.name] = {.name = entry.name,
                        .summary = entry.summary,
                        .knob = entry.knob.empty() ? std::nullopt : std::optional(entry.knob),
                        .knob_text = entry.knob_text};
  }
  std::vector<results::MethodRow> list;
  for (auto& [name, row] : rows) {
    list.push_back(std::move(row));
  }
  return list;
}

}  // namespace

void begin_run(Session& session, const SessionOptions& options) {
  nlohmann::json ids;
  session.writer.write([&](results::Store& store) {
    session.run_id = store.begin_run(run_row(session, options));
    if (session.part.part_count > 1) store.put_part(session.run_id, session.part);
    store.put_methods(session.run_id, method_rows(session));
    std::vector<results::CellRow> rows;
    for (const auto& state : session.cells) {
      rows.push_back(cell_row(session, state));
    }
    ids = store.add_cells(session.run_id, rows);
    for (size_t i = 0; i < rows.size(); ++i) {
      const auto& state = session.cells[i];
      const int64_t id = ids[i];
      store.add_artifacts(id, files_of(state, options));
      store.add_planned_depths(id, state.runner->facts().planned_depths);
    }
  });
  const auto begun = session.writer.read([&](const results::Store&) {
    return nlohmann::json{{"run", session.run_id}, {"ids", ids}};
  });
  session.run_id = begun.at("run");
  for (size_t i = 0; i < session.cells.size(); ++i) {
    session.cells[i].id = begun.at("ids")[i];
  }
}

}  // namespace diffbench::measure
