// A run that goes on: what its file says is done, and whether what is here is still what it began with.
#include <algorithm>
#include <map>

#include "harness/measure/identity.h"
#include "harness/measure/session.h"
#include "methods/config/input_error.h"
#include "methods/data/sha256.h"

namespace diffbench::measure {
namespace {

using config::InputError;
using results::StoredCell;

// which of the files that the cell read is another one now
std::string changed_file(const results::Store& store, const StoredCell& stored,
                         const std::vector<results::ArtifactRow>& here) {
  std::map<std::pair<std::string, std::string>, std::string> now;
  for (const auto& file : here) {
    now[{file.role, file.path}] = file.sha256;
  }
  for (const auto& file : store.artifacts(stored.id)) {
    const auto found = now.find({file.role, file.path});
    if (found == now.end() || found->second != file.sha256) {
      return file.role + " " + file.path;
    }
  }
  return "";
}

// whether this cell's times are not all there yet
bool still_times(const StoredCell& stored) {
  const bool is_alive = stored.status == results::CellStatus::kPending || stored.status == results::CellStatus::kOk;
  return is_alive && stored.stop_reason.empty();
}

void check_unchanged(const Session& session, const results::Store& store, const StoredCell& stored,
                     const CellState& state, const SessionOptions& options) {
  const std::string place = options.database + ": --resume: " + state.cell.key + ": ";
  const auto changed = changed_file(store, stored, files_of(state, options));
  if (!changed.empty()) {
    throw InputError(place + changed + " has changed since the run began");
  }
  // as it was on as many ranks as then: samples do not depend on them
  if (stored.row.identity != cell_identity(state.cell, session.suite, state.runner->facts(), stored.row.ranks)) {
    throw InputError(place + "parameters mean something else to this program than when the run began");
  }
}

nlohmann::json find_run(const Session& session, const SessionOptions& options, const results::Store& store) {
  const auto run = store.find_unfinished_run(data::sha256(options.identity), session.part);
  if (!run) {
    throw InputError(options.database + ": --resume: no unfinished run of this suite with these --set and --only");
  }
  const auto stored = store.cells(*run);
  const bool times_all = session.part.part > 1 || std::none_of(stored.begin(), stored.end(), still_times);
  if (!stored.empty() && stored.front().row.ranks != session.world.size() && !times_all) {
    throw InputError(options.database + ": --resume: the run was started on " +
                     std::to_string(stored.front().row.ranks) + " ranks, this is " +
                     std::to_string(session.world.size()) +
                     "; only what is left when all times are measured can be done by another number of ranks");
  }
  nlohmann::json cells = nlohmann::json::array();
  for (const auto& state : session.cells) {
    const auto found = std::find_if(stored.begin(), stored.end(),
                                    [&](const StoredCell& row) { return row.row.key == state.cell.key; });
    if (found == stored.end()) {
      throw InputError(options.database + ": --resume: the unfinished run has no cell " + state.cell.key);
    }
    check_unchanged(session, store, *found, state, options);
    cells.push_back({{"id", found->id},
                     {"status", static_cast<int>(found->status)},
                     {"reason", found->reason},
                     {"rounds_done", store.completed_rounds(found->id).size()},
                     {"timing_done", !found->stop_reason.empty()}});
  }
  return {{"run", *run}, {"cells", cells}, {"ranks", stored.empty() ? session.world.size() : stored.front().row.ranks}};
}

}  // namespace

void resume_run(Session& session, const SessionOptions& options) {
  const auto found =
      session.writer.read([&](const results::Store& store) { return find_run(session, options, store); });
  session.run_id = found.at("run");
  session.timing_ranks = found.at("ranks");
  for (size_t i = 0; i < session.cells.size(); ++i) {
    const auto& from = found.at("cells")[i];
    auto& state = session.cells[i];
    state.id = from.at("id");
    state.status = static_cast<results::CellStatus>(from.at("status").get<int>());
    state.reason = from.at("reason");
    state.rounds_done = from.at("rounds_done");
    state.timing_done = from.at("timing_done");
  }
}

}  // namespace diffbench::measure
