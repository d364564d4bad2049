#include "harness/ab/alternate.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "harness/ab/turns.h"
#include "harness/measure/progress.h"
#include "harness/measure/round_plan.h"
#include "results/compare/verdicts.h"

namespace diffbench::ab {
namespace {

using nlohmann::json;
using results::MeasuredCell;
using results::MeasuredRun;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// One of the two: what it answers, kept as a run in memory.
class Side {
 public:
  explicit Side(ChildProgram& program) : program_(program) {
    begin();
    if (plan_.at("version") != kTurnsVersion) {
      throw std::runtime_error("the two programs take turns in different ways: version " + plan_.at("version").dump() +
                               " and " + std::to_string(kTurnsVersion));
    }
    for (const json& cell : plan_.at("cells")) {
      auto& row = run_.cells.emplace_back().stored.row;
      run_.cells.back().stored.status = results::CellStatus::kOk;
      row.key = cell.at("key");
      row.identity = cell.at("identity");
      row.method = cell.at("method");
      row.method_label = cell.at("label");
      const bool is_null = row.method == "null";
      const bool is_baseline = row.method == "full" && cell.at("baseline").is_null();
      row.role = is_null ? results::CellRole::kNull
                         : (is_baseline ? results::CellRole::kBaseline : results::CellRole::kMethod);
      places_[row.key] = run_.cells.size() - 1;
    }
    for (size_t i = 0; i < run_.cells.size(); ++i) {
      const json& baseline = plan_.at("cells")[i].at("baseline");
      if (!baseline.is_null())
        run_.cells[i].stored.row.baseline_key = run_.cells[baseline.get<size_t>()].stored.row.key;
    }
  }

  void start_again() {
    program_.start_again();
    begin();
  }

  void warm(const std::string& key) {
    alive_[places_.at(key)] = program_.ask({{"do", "warm"}, {"cell", places_.at(key)}}).at("alive").get<bool>();
  }

  void measure(const std::string& key, int round) {
    const size_t place = places_.at(key);
    const json answer = program_.ask({{"do", "measure"}, {"cell", place}, {"round", round}});
    alive_[place] = answer.at("alive").get<bool>();
    if (!answer.contains("duration_ns")) return;
    const double ns_per_sample = answer.at("duration_ns").get<double>() / answer.at("samples").get<double>();
    run_.cells[place].rounds[round].ns_per_sample = ns_per_sample;
    run_.cells[place].estimates["latency"].value = ns_per_sample;  // that there is one; the comparison reads rounds
  }

  void store() { program_.ask({{"do", "store"}}); }
  void finish(const std::map<std::string, std::string>& reasons) {
    json by_place = json::object();
    for (const auto& [key, reason] : reasons) by_place[std::to_string(places_.at(key))] = reason;
    program_.ask({{"do", "finish"}, {"reasons", by_place}});
  }

  const MeasuredRun& run() const { return run_; }
  const json& plan() const { return plan_; }
  bool is_alive(const std::string& key) const { return alive_[places_.at(key)]; }
  const MeasuredCell* find(const std::string& key) const {
    const auto place = places_.find(key);
    return place == places_.end() ? nullptr : &run_.cells[place->second];
  }

 private:
  void begin() {
    plan_ = program_.ask({{"do", "begin"}});
    alive_.clear();
    for (const json& cell : plan_.at("cells")) alive_.push_back(cell.at("alive"));
  }

  ChildProgram& program_;
  json plan_{};
  MeasuredRun run_{};
  std::map<std::string, size_t> places_{};
  std::vector<bool> alive_{};
};

class Alternator {
 public:
  Alternator(ChildProgram& older, ChildProgram& newer, const results::Gate& gate, Stopping stopping)
      : older_(older), newer_(newer), gate_(gate), stopping_(stopping) {
    gate_.budgets.clear();  // they are judged at the end, by what the cells' estimates then are
    seed_ = newer_.plan().at("seed").get<uint64_t>();
    coin_.seed(seed_);
    for (const MeasuredCell& cell : newer_.run().cells) {
      const auto& row = cell.stored.row;
      const MeasuredCell* partner = older_.find(row.key);
      const bool is_shared = partner && partner->stored.row.identity == row.identity;
      if (is_shared && row.role != results::CellRole::kNull && is_alive(row.key)) keys_.push_back(row.key);
    }
    open_.insert(keys_.begin(), keys_.end());
  }

  Alternation run() {
    warm({keys_.begin(), keys_.end()});
    Alternation done{.cells = static_cast<std::int64_t>(keys_.size())};
    measure::Progress progress(true, "a/b", static_cast<int64_t>(stopping_.max_seconds));
    const auto start = Clock::now();
    bool has_failed = false;
    for (int round = 0; !open_.empty() && !has_failed && seconds_since(start) < stopping_.max_seconds; ++round) {
      if (is_time_to_start_again(seconds_since(start), done.starts)) {
        start_again();
        ++done.starts;
      }
      for (const auto& key : cells_of_round(round)) take_both(key, round);
      older_.store();
      newer_.store();
      done.rounds = round + 1;
      has_failed = look() && stopping_.fails_fast;
      const double spent = seconds_since(start);
      progress.advance(static_cast<int64_t>(spent) - static_cast<int64_t>(done.seconds), stopping_.max_seconds - spent);
      done.seconds = spent;
    }
    std::map<std::string, std::string> reasons;
    for (const auto& key : keys_) {
      reasons[key] = !open_.contains(key) ? "decided" : (has_failed ? "regression" : std::string(results::kTimeIsUp));
    }
    older_.finish(reasons);
    newer_.finish(reasons);
    done.decided = done.cells - static_cast<std::int64_t>(open_.size());
    return done;
  }

 private:
  bool is_alive(const std::string& key) const { return older_.is_alive(key) && newer_.is_alive(key); }

  void warm(const std::set<std::string>& keys) {
    for (const auto& key : keys) {
      older_.warm(key);
      newer_.warm(key);
    }
    started_ = Clock::now();
  }

  // the next start is due at its share of the time, where the rounds before and after it are worth its cost
  bool is_time_to_start_again(double spent, std::int64_t starts) const {
    const double least = kRoundsOverStart * start_seconds_;
    const double due_at = stopping_.max_seconds * static_cast<double>(starts) / stopping_.starts;
    return starts < stopping_.starts && spent >= due_at && seconds_since(started_) >= least &&
           stopping_.max_seconds - spent >= least;
  }

  void start_again() {
    const auto start = Clock::now();
    older_.start_again();
    newer_.start_again();
    warm(due());
    start_seconds_ = seconds_since(start);
  }

  // what is not decided, and what it is compared with
  std::set<std::string> due() const {
    std::set<std::string> due(open_.begin(), open_.end());
    for (const auto& key : open_) {
      const std::string& baseline = newer_.find(key)->stored.row.baseline_key;
      if (!baseline.empty() && older_.find(baseline) && is_alive(baseline)) due.insert(baseline);
    }
    return due;
  }

  std::vector<std::string> cells_of_round(int round) const {
    const auto due_now = due();
    std::map<std::string, std::vector<size_t>> groups;
    for (size_t i = 0; i < newer_.run().cells.size(); ++i) {
      if (due_now.contains(newer_.run().cells[i].stored.row.key)) {
        groups[newer_.plan().at("cells")[i].at("group")].push_back(i);
      }
    }
    std::vector<std::vector<size_t>> lists;
    for (auto& [name, members] : groups) lists.push_back(std::move(members));
    std::vector<std::string> order;
    for (const size_t i : measure::shuffled_groups(std::move(lists), seed_, round)) {
      order.push_back(newer_.run().cells[i].stored.row.key);
    }
    return order;
  }

  void take_both(const std::string& key, int round) {
    const bool newer_first = coin_() % 2 == 0;
    take(newer_first ? newer_ : older_, key, round);
    take(newer_first ? older_ : newer_, key, round);
    if (!is_alive(key)) open_.erase(key);
  }

  // The pause lets the other program's threads fall asleep that spin for a moment after their work.
  static void take(Side& side, const std::string& key, int round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    side.measure(key, round);
  }

  // True with a regression that the gate does not excuse.
  bool look() {
    bool has_regression = false;
    for (const auto& row : results::compare_runs(older_.run(), newer_.run(), gate_, true).rows) {
      if (row.metric == "latency" && row.verdict != results::Verdict::kUndecided) open_.erase(row.key);
      has_regression = has_regression || row.is_regression;
    }
    return has_regression;
  }

  static constexpr double kRoundsOverStart = 4;

  Clock::time_point started_ = Clock::now();
  Side older_;
  Side newer_;
  double start_seconds_ = seconds_since(started_);  // of the last start of both, warm-up included but for the first
  results::Gate gate_;
  Stopping stopping_;
  uint64_t seed_ = 0;
  std::mt19937_64 coin_{};
  std::vector<std::string> keys_{};  // in the order of the plan
  std::set<std::string> open_{};     // not yet decided
};

}  // namespace

Alternation alternate(ChildProgram& older, ChildProgram& newer, const results::Gate& gate, Stopping stopping) {
  return Alternator(older, newer, gate, stopping).run();
}

}  // namespace diffbench::ab
