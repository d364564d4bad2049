#include "harness/measure/check.h"

#include <map>

#include "harness/measure/progress.h"
#include "harness/measure/stop_signals.h"
#include "harness/ranks/exchange.h"
#include "harness/ranks/patience.h"

namespace diffbench::measure {
namespace {

// empty when all is well
std::string fault_of(CellState& state, double tolerance) {
  try {
    return state.runner->fault(tolerance);
  } catch (const std::exception& error) {
    return *error.what() == '\0' ? "an error without a text" : error.what();
  }
}

}  // namespace

// Cells that make the same samples share one check. Each rank checks its share at its own pace; then all of them hear
// of every fault.
void check_cells(Session& session) {
  std::map<std::string, std::vector<CellState*>> same_samples;
  for (auto& state : session.cells) {
    if (state.is_alive() && state.rounds_done == 0) {
      same_samples[state.judgement_key()].push_back(&state);
    }
  }
  const auto size = static_cast<size_t>(session.world.size());
  ranks::now_doing("checking");
  Progress progress(session.world.rank() == 0, "checking",
                    static_cast<int64_t>((same_samples.size() + size - 1) / size));
  nlohmann::json faults = nlohmann::json::object();  // by key
  const int64_t start_ns = session.clock.now_ns();
  size_t turn = 0;
  for (auto& [key, states] : same_samples) {
    if (stop_signal() != nullptr) break;
    if (turn++ % size != static_cast<size_t>(session.world.rank())) {
      continue;
    }
    if (const auto fault = fault_of(*states.front(), session.suite.check.tolerance); !fault.empty()) {
      faults[key] = fault;
    }
    progress.advance(1);
  }
  // ranks have shares of their own here: how long one may take follows from what this one took
  ranks::has_waited(static_cast<double>(session.clock.now_ns() - start_ns) * 1e-9);
  session.leave_if_asked();
  nlohmann::json all = nlohmann::json::object();
  for (const auto& from : ranks::collect(session.world, faults)) {
    all.update(from);
  }
  all = ranks::share(session.world, all);
  for (const auto& [key, fault] : all.items()) {
    for (auto* state : same_samples.at(key)) {
      session.fail_cell(*state, fault);
    }
  }
}

}  // namespace diffbench::measure
