#include "harness/measure/rounds.h"

#include <algorithm>
#include <map>

#include "harness/measure/progress.h"
#include "harness/measure/round_plan.h"
#include "harness/measure/round_timer.h"
#include "harness/measure/stop_rule.h"
#include "harness/ranks/exchange.h"
#include "harness/ranks/patience.h"

namespace diffbench::measure {
namespace {

class Timing {
 public:
  explicit Timing(Session& session) : session_(session), timer_(session), started_ns_(session.elapsed_ns()) {
    for (size_t i = 0; i < session_.cells.size(); ++i) {
      const auto& state = session_.cells[i];
      if (state.is_alive() && !state.timing_done) {
        groups_[state.cell.group].push_back(i);
      }
    }
  }

  void run() {
    Progress progress(session_.world.rank() == 0, "timing",
                      static_cast<int64_t>(session_.cells.size()) * session_.suite.timing.max_rounds);
    for (int round = first_round(); !groups_.empty(); ++round) {
      for (const size_t index : cells_of_round(round)) {
        session_.leave_if_asked();
        if (session_.cells[index].is_alive()) {
          ranks::now_doing("timing " + session_.cells[index].cell.key + ", round " + std::to_string(round));
          timer_.measure(session_.cells[index], round);
        }
        progress.advance(1, seconds_left());
      }
      timer_.store_round();
      drop_failed();
      stop_groups(round + 1);
    }
  }

 private:
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
        durations.push_back(timer_.durations_ns(session_.cells[index]));
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
  RoundTimer timer_;
  int64_t started_ns_;
  std::map<std::string, std::vector<size_t>> groups_;  // comparisons that still go on: indices of cells
};

}  // namespace

void time_cells(Session& session) { Timing(session).run(); }

}  // namespace diffbench::measure
