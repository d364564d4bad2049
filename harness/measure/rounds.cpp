#include "harness/measure/rounds.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "harness/measure/progress.h"
#include "harness/measure/rank_message.h"
#include "harness/measure/trace_row.h"
#include "profiling/recorder.h"
#include "results/statistics.h"

namespace diffbench::measure {
namespace {

constexpr size_t kWarmupWindow = 2;        // repetitions per window
constexpr double kWarmupTolerance = 0.05;  // between two windows
constexpr int kLeastRounds = 2;            // below this there is no paired interval, whatever the time budget says

// one repetition, on rank 0
struct Repetition {
  int64_t duration_ns = 0;  // of the slowest rank
  std::vector<results::TimingRow> rows;
  std::optional<results::TraceRow> trace;
};

class Timing {
 public:
  explicit Timing(Session& session) : session_(session), started_ns_(session.elapsed_ns()) {
    for (auto& state : session_.cells) {
      if (state.is_alive() && !state.timing_done) {
        groups_[state.cell.group].push_back(&state);
      }
    }
    load_stored_durations();
  }

  void run() {
    Progress progress(session_.world.rank() == 0, "timing",
                      static_cast<int64_t>(session_.cells.size()) * session_.suite.timing.max_rounds);
    for (int round = first_round(); !groups_.empty(); ++round) {
      std::vector<CellState*> cells = cells_of_round(round);
      for (auto* cell : cells) {
        measure(*cell, round);
        progress.advance(1, seconds_left());
      }
      store_round();
      drop_failed();
      stop_groups(round + 1);
    }
  }

 private:
  void load_stored_durations() {
    if (!session_.store) {
      return;
    }
    for (const auto& [group, cells] : groups_) {
      for (const auto* cell : cells) {
        std::map<std::pair<int, int>, int64_t> slowest;
        for (const auto& row : session_.store->timings(cell->id)) {
          if (!row.discard_reason) {
            auto& duration = slowest[{row.round, row.repetition}];
            duration = std::max(duration, row.duration_ns);
          }
        }
        for (const auto& entry : slowest) {
          durations_[cell->id].push_back(static_cast<double>(entry.second));
        }
      }
    }
  }

  int first_round() const {
    int first = session_.suite.timing.max_rounds;
    for (const auto& [group, cells] : groups_) {
      for (const auto* cell : cells) {
        first = std::min(first, cell->rounds_done);
      }
    }
    return first;
  }

  // Comparison after comparison, in random order, and within each its cells in random order: what is compared are
  // neighbours in time, so that a machine that drifts over minutes drifts out of the ratios.
  std::vector<CellState*> cells_of_round(int round) const {
    std::mt19937_64 random(static_cast<uint64_t>(session_.suite.seed) * 1'000'003 + static_cast<uint64_t>(round));
    const auto shuffle = [&](auto& items) {  // Fisher-Yates; std::shuffle differs between libraries
      for (size_t i = items.size(); i > 1; --i) {
        std::swap(items[i - 1], items[random() % i]);
      }
    };
    std::vector<std::vector<CellState*>> groups;
    for (const auto& [group, members] : groups_) {
      auto& cells = groups.emplace_back();
      std::copy_if(members.begin(), members.end(), std::back_inserter(cells),
                   [&](const CellState* cell) { return cell->rounds_done <= round; });
      shuffle(cells);
    }
    shuffle(groups);
    std::vector<CellState*> cells;
    for (const auto& group : groups) {
      cells.insert(cells.end(), group.begin(), group.end());
    }
    return cells;
  }

  void measure(CellState& cell, int round) {
    int repetition = 0;
    if (warm_.insert(&cell).second) {
      std::vector<double> warmups;
      bool warm = false;
      while (!warm && repetition < session_.suite.timing.warmup_max && cell.is_alive()) {
        const auto done = repeat(cell, round, repetition++, "warm_up");
        warmups.push_back(static_cast<double>(done.duration_ns));
        warm = session_.world.broadcast(std::vector<double>{
                   results::windows_agree(warmups, kWarmupWindow, kWarmupTolerance) ? 1.0 : 0.0})[0] > 0.0;
      }
      warmup_count_[&cell] = repetition;
    }
    if (!cell.is_alive()) {
      return;
    }
    const auto done = repeat(cell, round, repetition, std::nullopt);
    if (cell.is_alive() && session_.world.rank() == 0) {
      durations_[cell.id].push_back(static_cast<double>(done.duration_ns));
    }
    cell.rounds_done = round + 1;
  }

  Repetition repeat(CellState& cell, int round, int repetition, const std::optional<std::string>& discard_reason) {
    const auto samples = session_.repetition_samples(cell.cell);
    session_.world.barrier();
    const int64_t started_ns = session_.elapsed_ns();
    profiling::set_cell(cell.id);
    Batch batch;
    std::string fault;
    try {
      batch = cell.runner->run(samples);
    } catch (const std::exception& error) {
      fault = error.what();
    }
    if (const auto failure = session_.world.agree({.is_input_error = false, .message = fault})) {
      session_.fail_cell(cell, failure->message);
      return {};
    }
    const auto timings = session_.world.gather(
        pack(std::vector<int64_t>{started_ns, batch.duration_ns, static_cast<int64_t>(samples.size())}));
    std::vector<ranks::Bytes> traces;
    if (!cell.has_trace) {
      traces = session_.world.gather(pack(flatten(batch.trace)));
      cell.has_trace = true;
    }
    Repetition done;
    int64_t sample_count = 0;
    for (size_t rank = 0; rank < timings.size(); ++rank) {
      const auto numbers = unpack<int64_t>(timings[rank]);
      done.duration_ns = std::max(done.duration_ns, numbers[1]);
      sample_count += numbers[2];
      rows_.push_back({.cell = cell.id,
                       .round = round,
                       .repetition = repetition,
                       .rank = static_cast<int>(rank),
                       .started_ns = numbers[0],
                       .duration_ns = numbers[1],
                       .samples = numbers[2],
                       .discard_reason = discard_reason});
    }
    if (!traces.empty()) {
      std::vector<std::vector<double>> flat;
      std::transform(traces.begin(), traces.end(), std::back_inserter(flat), unpack<double>);
      traces_[cell.id] = merge_traces(flat, sample_count, cell.runner->model().network.backbone->block_count(),
                                      cell.runner->flops_full());
    }
    return done;
  }

  void store_round() {
    session_.world.together([&] {
      if (!session_.store) {
        return;
      }
      results::Transaction transaction(*session_.store);
      session_.store->add_timings(rows_);
      for (const auto& [cell, trace] : traces_) {
        session_.store->put_trace(cell, trace);
      }
      transaction.commit();
    });
    rows_.clear();
    traces_.clear();
  }

  void drop_failed() {
    for (auto& [group, cells] : groups_) {
      std::erase_if(cells, [](const CellState* cell) { return !cell->is_alive(); });
    }
    std::erase_if(groups_, [](const auto& entry) { return entry.second.empty(); });
  }

  // empty while the comparison has to go on; on rank 0
  std::string reason_to_stop(const std::vector<CellState*>& cells, int rounds) const {
    const auto& timing = session_.suite.timing;
    if (rounds >= timing.max_rounds) {
      return "max_rounds";
    }
    if (rounds >= kLeastRounds && seconds_spent() >= timing.max_seconds) {
      return "max_seconds";
    }
    const bool narrow = std::all_of(cells.begin(), cells.end(), [&](const CellState* cell) {
      const auto& durations = durations_.at(cell->id);
      const auto interval = results::median_interval(durations);
      return interval &&
             results::relative_half_width(*interval, results::median(durations)) <= timing.target_half_width;
    });
    return rounds >= timing.min_rounds && narrow ? "target_half_width" : "";
  }

  void stop_groups(int rounds) {
    std::vector<double> stops;
    if (session_.world.rank() == 0) {
      for (auto& [group, cells] : groups_) {
        const std::string reason = reason_to_stop(cells, rounds);
        stops.push_back(reason.empty() ? 0.0 : 1.0);
        for (auto* cell : cells) {
          if (!reason.empty()) {
            session_.store->set_cell_stop(cell->id, reason, warmup_count_[cell]);
          }
        }
      }
    }
    stops = session_.world.broadcast(stops);
    size_t index = 0;
    std::erase_if(groups_, [&](const auto& entry) {
      const bool stop = stops[index++] > 0.0;
      for (auto* cell : entry.second) {
        cell->timing_done = stop;
      }
      return stop;
    });
  }

  double seconds_spent() const { return static_cast<double>(session_.elapsed_ns() - started_ns_) * 1e-9; }
  double seconds_left() const { return session_.suite.timing.max_seconds - seconds_spent(); }

  Session& session_;
  int64_t started_ns_;
  std::map<std::string, std::vector<CellState*>> groups_;  // comparisons that still go on
  std::set<const CellState*> warm_;
  std::map<const CellState*, int> warmup_count_;
  std::map<int64_t, std::vector<double>> durations_;  // by cell id, counted repetitions; on rank 0
  std::vector<results::TimingRow> rows_;              // of the round in flight; on rank 0
  std::map<int64_t, results::TraceRow> traces_;       // of the round in flight; on rank 0
};

}  // namespace

void time_cells(Session& session) { Timing(session).run(); }

}  // namespace diffbench::measure
