#include "harness/measure/profile_overhead.h"

#include <algorithm>
#include <array>
#include <optional>

#include "harness/measure/progress.h"
#include "harness/measure/recording.h"
#include "harness/measure/repetition.h"
#include "harness/measure/round_plan.h"
#include "harness/ranks/exchange.h"

namespace diffbench::measure {
namespace {

using profiling::Mode;

constexpr int kLeastRounds = 8;
// how much is recorded; nothing at all where there is no mode
struct Watch {
  const char* name;
  std::optional<Mode> mode;
};
constexpr std::array<Watch, 4> kWatches = {
    {{"off", {}}, {"nvtx", Mode::kNvtx}, {"activities", Mode::kActivities}, {"everything", Mode::kEverything}}};

// as many rounds of one cell as its share of [timing] max_seconds holds, at most max_rounds, but no fewer than an
// interval needs; as rank 0 decides
int round_count(const Session& session, int64_t duration_ns) {
  const auto& timing = session.suite.timing;
  const double share_ns = timing.max_seconds * 1e9 / static_cast<double>(session.cells.size());
  const double fit = share_ns / (kWatches.size() * std::max<double>(1.0, static_cast<double>(duration_ns)));
  const double most = std::max(kLeastRounds, timing.max_rounds);
  return ranks::share(session.world, static_cast<int>(std::clamp<double>(fit, kLeastRounds, most))).get<int>();
}

// duration on this rank; absent where it failed on some rank
std::optional<int64_t> run_watched(const Session& session, const CellState& state, const Watch& watch,
                                   const std::vector<int64_t>& samples) {
  int64_t duration_ns = 0;
  const bool done = watched(session, state, [&] {
    std::optional<Recording> recording;
    if (watch.mode) {
      recording.emplace(state, *watch.mode, false);
    }
    duration_ns = state.runner->run(samples).duration_ns;
  });
  return done ? std::optional(duration_ns) : std::nullopt;
}

void measure_cell(Session& session, Repeater& repeater, CellState& state) {
  const auto samples = watched_samples(session, state);
  if (!warm_up_cell(session, repeater, state, results::Pass::kOverhead)) {
    return;
  }
  const auto bare = run_watched(session, state, kWatches.front(), samples);
  if (!bare) {
    return;
  }
  const int rounds = round_count(session, *bare);
  std::vector<results::ProfileOverheadRow> rows;
  for (int round = 0; round < rounds; ++round) {
    for (const size_t index : shuffled_groups({{0, 1, 2, 3}}, static_cast<uint64_t>(session.suite.seed), round)) {
      const auto duration_ns = run_watched(session, state, kWatches[index], samples);
      if (!duration_ns) {
        return;
      }
      const auto durations = ranks::collect(session.world, *duration_ns);
      for (size_t rank = 0; rank < durations.size(); ++rank) {
        rows.push_back({kWatches[index].name, round, static_cast<int>(rank), durations[rank]});
      }
    }
  }
  session.writer.write([&](results::Store& store) { store.put_profile_overheads(state.id, rows); });
}

}  // namespace

void measure_profile_overhead(Session& session) {
  Repeater repeater(session);
  Progress progress(session.world.rank() == 0, "profiling overhead", static_cast<int64_t>(session.cells.size()));
  for (auto& state : session.cells) {
    if (state.is_alive()) {
      measure_cell(session, repeater, state);
    }
    progress.advance(1);
  }
}

}  // namespace diffbench::measure
