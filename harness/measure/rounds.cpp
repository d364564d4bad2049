#include "harness/measure/rounds.h"

#include <algorithm>
#include <map>
#include <set>

#include "harness/measure/progress.h"
#include "harness/measure/repetition.h"
#include "harness/measure/round_plan.h"
#include "harness/measure/stop_rule.h"
#include "harness/measure/trace_sum.h"
#include "harness/ranks/exchange.h"

namespace diffbench::measure {
namespace {

class Timing {
 public:
  explicit Timing(Session& session) : session_(session), repeater_(session), started_ns_(session.elapsed_ns()) {
    for (size_t i = 0; i < session_.cells.size(); ++i) {
      const auto& state = session_.cells[i];
      if (state.is_alive() && !state.timing_done) {
        groups_[state.cell.group].push_back(i);
      }
    }
    session_.writer.write([&](results::Store& store) { load(store); });
  }

  void run() {
    Progress progress(session_.world.rank() == 0, "timing",
                      static_cast<int64_t>(session_.cells.size()) * session_.suite.timing.max_rounds);
    for (int round = first_round(); !groups_.empty(); ++round) {
      for (const size_t index : cells_of_round(round)) {
        measure(session_.cells[index], round);
        progress.advance(1, seconds_left());
      }
      store_round();
      drop_failed();
      stop_groups(round + 1);
    }
  }

 private:
  // what earlier processes of this run have measured; on rank 0
  void load(const results::Store& store) {
    for (const auto& [group, members] : groups_) {
      for (const size_t index : members) {
        const auto& state = session_.cells[index];
        std::map<std::pair<int, int>, int64_t> slowest;
        for (const auto& row : store.timings(state.id)) {
          if (!row.discard_reason) {
            auto& duration = slowest[{row.round, row.repetition}];
            duration = std::max(duration, row.duration_ns);
          }
        }
        for (const auto& entry : slowest) {
          durations_[state.id].push_back(static_cast<double>(entry.second));
        }
        if (const auto trace = store.trace(state.id)) {
          traces_.emplace(state.id, TraceSum(*trace));
        }
      }
    }
  }

  int first_round() const {
    int first = session_.suite.timing.max_rounds;
    for (const auto& [group, members] : groups_) {
      for (const size_t index : members) {
        first = std::min(first, session_.cells[index].rounds_done);
      }
    }
    return first;
  }

  std::vector<size_t> cells_of_round(int round) const {
    std::vector<std::vector<size_t>> groups;
    for (const auto& [group, members] : groups_) {
      auto& due = groups.emplace_back();
      std::copy_if(members.begin(), members.end(), std::back_inserter(due),
                   [&](size_t index) { return session_.cells[index].rounds_done <= round; });
    }
    return shuffled_groups(std::move(groups), static_cast<uint64_t>(session_.suite.seed), round);
  }

  void measure(CellState& state, int round) {
    if (!state.is_alive()) {
      return;
    }
    if (warm_.insert(state.id).second && !warm(state)) {
      return;
    }
    const auto samples =
        round_samples(static_cast<uint64_t>(session_.suite.seed), round, session_.world.rank(), state.cell.batch);
    auto done = repeater_.repeat(state, samples, round);
    if (!done) {
      return;
    }
    state.rounds_done = round + 1;
    durations_[state.id].push_back(static_cast<double>(done->duration_ns));
    rows_.insert(rows_.end(), done->rows.begin(), done->rows.end());
    const auto& facts = state.runner->facts();
    auto& sum = traces_.try_emplace(state.id, facts.block_count, facts.flops_full).first->second;
    for (size_t rank = 0; rank < done->traces.size(); ++rank) {
      sum.add(done->traces[rank], done->rows[rank].samples);
    }
    traced_.insert(state.id);
  }

  // its largest memory is read here: what counts begins warm, with memory that the warm-up fetched
  bool warm(CellState& state) {
    reset_peak_memory();
    const bool alive = warm_up_cell(session_, repeater_, state, results::Pass::kTiming);
    const auto here = peak_memory_bytes();
    const auto all = ranks::collect(session_.world, {{"process_bytes", here ? nlohmann::json(*here) : nullptr},
                                                     {"device_bytes", state.runner->peak_device_bytes()}});
    if (!alive) {
      return false;
    }
    session_.writer.write([&](results::Store& store) {
      std::vector<results::MemoryPeakRow> peaks;
      for (size_t rank = 0; rank < all.size(); ++rank) {
        auto& row = peaks.emplace_back();
        row.rank = static_cast<int>(rank);
        if (!all[rank].at("process_bytes").is_null()) {
          row.process_bytes = all[rank].at("process_bytes").get<int64_t>();
        }
        if (const int64_t bytes = all[rank].at("device_bytes"); bytes > 0) {
          row.device_bytes = bytes;
        }
      }
      store.put_memory_peaks(state.id, peaks);
    });
    return true;
  }

  void store_round() {
    session_.writer.write([&](results::Store& store) {
      store.add_timings(rows_);
      for (const int64_t cell : traced_) {
        store.put_trace(cell, traces_.at(cell).row());
      }
    });
    rows_.clear();
    traced_.clear();
  }

  void drop_failed() {
    for (auto& [group, members] : groups_) {
      std::erase_if(members, [&](size_t index) { return !session_.cells[index].is_alive(); });
    }
    std::erase_if(groups_, [](const auto& entry) { return entry.second.empty(); });
  }

  // by group, in the map's order; on rank 0, which knows what earlier processes have measured
  nlohmann::json reasons_to_stop(int rounds) const {
    nlohmann::json reasons = nlohmann::json::array();
    for (const auto& [group, members] : groups_) {
      std::vector<std::vector<double>> durations;
      for (const size_t index : members) {
        durations.push_back(durations_.at(session_.cells[index].id));
      }
      reasons.push_back(reason_to_stop(session_.suite.timing, rounds, seconds_spent(), durations));
    }
    return reasons;
  }

  void stop_groups(int rounds) {
    const bool decides = session_.world.rank() == 0;
    const auto reasons = ranks::share(session_.world, decides ? reasons_to_stop(rounds) : nlohmann::json());
    session_.writer.write([&](results::Store& store) {
      size_t next = 0;
      for (const auto& [group, members] : groups_) {
        const std::string reason = reasons[next++];
        for (const size_t index : members) {
          if (!reason.empty()) {
            store.set_cell_stop(session_.cells[index].id, reason);
          }
        }
      }
    });
    size_t next = 0;
    std::erase_if(groups_, [&](const auto& entry) {
      const bool stops = !reasons[next++].template get<std::string>().empty();
      for (const size_t index : entry.second) {
        session_.cells[index].timing_done = stops;
      }
      return stops;
    });
  }

  double seconds_spent() const { return static_cast<double>(session_.elapsed_ns() - started_ns_) * 1e-9; }
  double seconds_left() const { return session_.suite.timing.max_seconds - seconds_spent(); }

  Session& session_;
  Repeater repeater_;
  int64_t started_ns_;
  std::map<std::string, std::vector<size_t>> groups_;  // comparisons that still go on: indices of cells
  std::set<int64_t> warm_;                             // ids of cells
  std::map<int64_t, std::vector<double>> durations_;   // by cell id, counted repetitions
  std::map<int64_t, TraceSum> traces_;                 // by cell id, over all rounds; whole on rank 0
  std::vector<results::TimingRow> rows_;               // of the round in flight; on rank 0
  std::set<int64_t> traced_;                           // cells of the round in flight
};

}  // namespace

void time_cells(Session& session) { Timing(session).run(); }

}  // namespace diffbench::measure
