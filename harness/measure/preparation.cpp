#include "harness/measure/preparation.h"

#include "harness/measure/on_all_ranks.h"
#include "harness/measure/progress.h"
#include "harness/ranks/exchange.h"
#include "harness/ranks/patience.h"

namespace diffbench::measure {
namespace {

nlohmann::json stored_decisions(const Session& session, const CellState& state) {
  return session.writer.read([&](const results::Store& store) {
    const auto text = store.decisions(state.id);
    return text ? nlohmann::json::parse(*text) : nlohmann::json();
  });
}

void prepare_cell(Session& session, CellState& state) {
  const auto given = stored_decisions(session, state);
  nlohmann::json decisions;
  int64_t duration_ns = 0;
  const auto fault = on_all_ranks(session.world, [&] {
    const int64_t start = session.clock.now_ns();
    decisions = state.runner->prepare(state.cell.batch, given);
    duration_ns = session.clock.now_ns() - start;
  });
  if (!fault.empty()) {
    session.fail_cell(state, fault);
    return;
  }
  const auto decided = ranks::share(session.world, decisions);
  const auto refused = on_all_ranks(session.world, [&] {
    if (decided != decisions) {
      state.runner->prepare(state.cell.batch, decided);  // takes them, measures nothing
    }
  });
  if (!refused.empty()) {
    session.fail_cell(state, refused);
    return;
  }
  const auto durations = ranks::collect(session.world, duration_ns);
  if (!given.is_null()) {
    return;  // the file has them
  }
  session.writer.write([&](results::Store& store) {
    std::vector<results::PreparationRow> rows;
    for (size_t rank = 0; rank < durations.size(); ++rank) {
      rows.push_back({.rank = static_cast<int>(rank), .duration_ns = durations[rank], .decisions = decided.dump()});
    }
    store.put_preparations(state.id, rows);
  });
}

}  // namespace

void prepare_cells(Session& session) {
  Progress progress(session.world.rank() == 0, "preparing", static_cast<int64_t>(session.cells.size()));
  for (auto& state : session.cells) {
    session.leave_if_asked();
    if (state.is_alive()) {
      ranks::now_doing("preparing " + state.cell.key);
      prepare_cell(session, state);
    }
    progress.advance(1);
  }
}

}  // namespace diffbench::measure
