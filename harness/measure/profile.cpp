#include "harness/measure/profile.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>

#include "harness/measure/ceiling.h"
#include "harness/measure/machine_telemetry.h"
#include "harness/measure/profile_rows.h"
#include "harness/measure/progress.h"
#include "harness/measure/recording.h"
#include "harness/measure/repetition.h"
#include "harness/ranks/exchange.h"
#include "harness/ranks/patience.h"

namespace diffbench::measure {
namespace {

constexpr double kRecordedNs = 6e9;     // of each cell, about
constexpr double kMostRecorded = 20.0;  // repetitions

// short repetitions are recorded a few times, so that one disturbance does not make the profile; as rank 0 decides
int repetitions_to_record(const Session& session, int64_t duration_ns) {
  const double fit = kRecordedNs / std::max<double>(1.0, static_cast<double>(duration_ns));
  return ranks::share(session.world, static_cast<int>(std::clamp(fit, 1.0, kMostRecorded))).get<int>();
}

// One recorded repetition of a cell, stored; false where it failed on some rank.
class CellRecorder {
 public:
  CellRecorder(Session& session, bool with_shapes) : session_(session), with_shapes_(with_shapes) {}

  // the first recording of a process also pays for its own start
  void start_up(const CellState& state) {
    watched(session_, state, [&] {
      const Recording recording(state, profiling::Mode::kActivities, with_shapes_);
      state.runner->run(watched_samples(session_, state));
    });
  }

  size_t activity_count() const { return activity_count_; }
  bool has_stored() const { return has_stored_; }

  bool record(const CellState& state) {
    profiling::Profile profile;
    const bool done = watched(session_, state, [&] {
      Recording recording(state, profiling::Mode::kActivities, with_shapes_);
      state.runner->run(watched_samples(session_, state));
      profile = recording.stop();
    });
    if (!done) {
      return false;
    }
    const auto all = ranks::collect(session_.world, to_json(profile));
    session_.writer.write([&](results::Store& store) {
      for (size_t rank = 0; rank < all.size(); ++rank) {
        const auto row = to_row(profile_of(all[rank]), static_cast<int>(rank));
        activity_count_ += row.activities.size();
        has_stored_ ? store.add_to_profile(session_.run_id, row) : store.put_profile(session_.run_id, row);
      }
    });
    has_stored_ = true;
    return true;
  }

 private:
  Session& session_;
  bool with_shapes_;
  size_t activity_count_ = 0;
  bool has_stored_ = false;
};

}  // namespace

// Cells take turns, so that a slow moment of the machine does not make the profile of one of them.
void profile_cells(Session& session, const ProfileOptions& options) {
  store_ceilings(session);
  MachineTelemetry telemetry(session);
  Repeater repeater(session);
  std::map<int64_t, int> left;  // repetitions by cell
  int64_t total = 0;
  for (auto& state : session.cells) {
    // what ran meanwhile, sampling for quality, has cooled the cell down
    session.leave_if_asked();
    int64_t duration_ns = 0;
    const auto samples = watched_samples(session, state);
    if (state.is_alive() && warm_up_cell(session, repeater, state, results::Pass::kProfile) &&
        watched(session, state, [&] { duration_ns = state.runner->run(samples).duration_ns; })) {
      total += left[state.id] = repetitions_to_record(session, duration_ns);
    }
  }
  Progress progress(session.world.rank() == 0, "profiling", total);
  CellRecorder recorder(session, options.with_shapes);
  const auto first = std::find_if(session.cells.begin(), session.cells.end(),
                                  [&](const auto& state) { return left.contains(state.id); });
  if (first != session.cells.end()) {
    recorder.start_up(*first);
  }
  for (bool some = true; some;) {
    some = false;
    for (const auto& state : session.cells) {
      const auto found = left.find(state.id);
      if (found == left.end() || found->second == 0) {
        continue;
      }
      session.leave_if_asked();
      ranks::now_doing("profiling " + state.cell.key);
      const int recorded = recorder.record(state) ? 1 : found->second;  // one that failed is given up
      found->second -= recorded;
      some = some || found->second > 0;
      progress.advance(recorded);
    }
  }
  telemetry.store();
  if (session.world.rank() == 0) {
    spdlog::info("recorded {} activities", recorder.activity_count());
    if (!session.cells.empty() && !recorder.has_stored()) {
      spdlog::warn("no cell could be profiled");
    }
  }
}

}  // namespace diffbench::measure
