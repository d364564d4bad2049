#include "harness/measure/check.h"

#include <ATen/ATen.h>
#include <spdlog/fmt/fmt.h>

#include <map>

#include "harness/measure/progress.h"

namespace diffbench::measure {
namespace {

constexpr int64_t kSamples = 4;

// empty when all is well
std::string fault_of(CellState& state, double tolerance) {
  const std::vector<int64_t> samples{0, 1, 2, 3};
  static_assert(kSamples == 4);
  try {
    const double difference = state.runner->never_skip_difference(samples);
    if (!(difference <= tolerance)) {
      return fmt::format("at its never-skip setting the samples differ from full by {:.3g} (tolerance {:.3g})",
                         difference, tolerance);
    }
    if (!at::isfinite(state.runner->run(samples).samples).all().item<bool>()) {
      return "samples are not finite";
    }
    return "";
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace

// cells that make the same samples (quality_key) share one check; ranks take the checks in turn
void check_cells(Session& session) {
  std::map<std::string, std::vector<CellState*>> same_samples;
  for (auto& state : session.cells) {
    if (state.is_alive() && !state.has_trace) {
      same_samples[state.cell.quality_key].push_back(&state);
    }
  }
  Progress progress(session.world.rank() == 0, "checking", static_cast<int64_t>(same_samples.size()));
  int turn = 0;
  for (auto& [key, states] : same_samples) {
    const bool mine = turn++ % session.world.size() == session.world.rank();
    const std::string fault = mine ? fault_of(*states.front(), session.suite.check.tolerance) : "";
    if (const auto failure = session.world.agree({.is_input_error = false, .message = fault})) {
      for (auto* state : states) {
        session.fail_cell(*state, failure->message);
      }
    }
    progress.advance(1);
  }
}

}  // namespace diffbench::measure
