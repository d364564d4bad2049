// diffbench selfcheck: the same program against itself on this machine.

#include <ATen/Parallel.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <iostream>
#include <map>
#include <memory>
#include <random>

#include "harness/commands/commands.h"
#include "harness/commands/open_suite.h"
#include "harness/compare/gate_file.h"
#include "harness/environment/environment.h"
#include "harness/measure/cell_runner.h"
#include "harness/measure/check.h"
#include "harness/measure/preparation.h"
#include "harness/measure/progress.h"
#include "harness/measure/rank_device.h"
#include "harness/measure/repetition.h"
#include "harness/measure/round_plan.h"
#include "harness/ranks/exchange.h"
#include "harness/selfcheck/analysis.h"
#include "harness/selfcheck/disturbers.h"
#include "harness/selfcheck/record.h"
#include "results/compare/measured_run.h"

namespace diffbench::commands {
namespace {

using nlohmann::json;
using selfcheck::TwinCell;

constexpr int kRoundsPerBlock = 20;  // what a comparison of two short runs has

struct Options {
  std::string suite = "gate";
  double minutes = 3.0;
  std::vector<std::string> set;
  bool json = false;
};

// Every cell twice in a row on the same samples, round after round; whether the first of the two counts as the first
// twin is drawn.
class Twins {
 public:
  Twins(measure::Session& session, double seconds) : session_(session), repeater_(session), seconds_(seconds) {}

  void run() {
    for (auto& state : session_.cells) {
      cells_.push_back({.key = state.cell.key});
      if (state.cell.baseline) {
        cells_.back().baseline_key = session_.cells[static_cast<size_t>(*state.cell.baseline)].cell.key;
      }
      if (!is_measured(state)) continue;
      if (!measure::warm_up_cell(session_, repeater_, state, results::Pass::kTiming)) {
        throw std::runtime_error(state.cell.key + ": " + state.reason);
      }
    }
    measure::Progress progress(session_.world.rank() == 0, "a/a", static_cast<int64_t>(seconds_));
    const auto start = session_.elapsed_ns();
    double spent = 0;
    for (int round = 0; ranks::share(session_.world, spent < seconds_).get<bool>(); ++round) {
      for (const size_t i : order(round)) measure_twins(i, round);
      watch_.look();
      ++rounds_;
      const double now = 1e-9 * static_cast<double>(session_.elapsed_ns() - start);
      progress.advance(static_cast<int64_t>(now) - static_cast<int64_t>(spent), seconds_ - now);
      spent = now;
    }
    seconds_spent_ = spent;
  }

  std::vector<TwinCell> cells() const {
    std::vector<TwinCell> measured = cells_;
    std::erase_if(measured, [](const TwinCell& cell) { return cell.first_ns.empty(); });
    return measured;
  }
  double seconds_per_round() const { return seconds_spent_ / rounds_; }
  int rounds() const { return rounds_; }
  const selfcheck::Watch& watch() const { return watch_; }
  const std::map<std::string, int>& disturbances() const { return disturbances_; }

 private:
  // the null method prices the harness, and nobody waits for it
  static bool is_measured(const measure::CellState& state) { return state.cell.method != "null"; }

  std::vector<size_t> order(int round) const {
    std::map<std::string, std::vector<size_t>> groups;
    for (size_t i = 0; i < session_.cells.size(); ++i) {
      if (is_measured(session_.cells[i])) groups[session_.cells[i].cell.group].push_back(i);
    }
    std::vector<std::vector<size_t>> lists;
    for (auto& [name, members] : groups) lists.push_back(std::move(members));
    return measure::shuffled_groups(std::move(lists), static_cast<uint64_t>(session_.suite.seed), round);
  }

  void measure_twins(size_t i, int round) {
    const bool swapped = coin_() % 2 == 0;
    for (const bool second : {swapped, !swapped}) {
      auto& state = session_.cells[i];
      const auto samples = measure::round_samples(static_cast<uint64_t>(session_.suite.seed), round,
                                                  session_.world.rank(), state.cell.batch);
      const auto done = repeater_.repeat(state, samples, round);
      if (!done) throw std::runtime_error(state.cell.key + ": " + state.reason);
      const double count = static_cast<double>(state.cell.batch) * session_.world.size();
      (second ? cells_[i].second_ns : cells_[i].first_ns).push_back(static_cast<double>(done->duration_ns) / count);
      for (const auto& row : done->rows) {
        if (row.disturbance) ++disturbances_[row.disturbance->substr(0, row.disturbance->find_first_of("0123456789"))];
      }
    }
  }

  measure::Session& session_;
  measure::Repeater repeater_;
  selfcheck::Watch watch_{};
  double seconds_;
  double seconds_spent_ = 0;
  int rounds_ = 0;
  std::mt19937_64 coin_{1};                    // the same on every rank
  std::vector<TwinCell> cells_{};              // as the session has them
  std::map<std::string, int> disturbances_{};  // kinds; on rank 0
};

// Processor time of the ranks on rank 0's machine, while all of them watched; on rank 0.
double seconds_of_all(const ranks::Communicator& world, const selfcheck::Watch& watch) {
  const std::string host = environment::capture().host;
  double seconds = 0;
  for (const auto& from : ranks::collect(world, {{"host", host}, {"seconds", watch.own_seconds()}})) {
    seconds += from.at("host") == host ? from.at("seconds").get<double>() : 0.0;
  }
  return seconds;
}

json alarms_json(const selfcheck::FalseAlarms& alarms) {
  return {{"comparisons", alarms.comparisons},
          {"regressions", alarms.regressions},
          {"claims", alarms.claims},
          {"false_claims", alarms.false_claims}};
}

json document_of(const Twins& twins, const measure::Session& session, const std::string& machine, double own_seconds) {
  json effects;
  for (const int minutes : {1, 5, 20}) {
    // a round of the check ran every cell twice, as a round of `ab` does
    const auto rounds = static_cast<int64_t>(60.0 * minutes / twins.seconds_per_round());
    const auto effect = selfcheck::smallest_effect(twins.cells(), rounds);
    effects[std::to_string(minutes)] = effect ? json(*effect) : json();
  }
  json findings = json::array();
  for (const auto& one : twins.watch().findings(
           {.ranks = session.world.local_size(), .threads = session.suite.run.threads, .own_seconds = own_seconds})) {
    findings.push_back({{"name", one.name}, {"what", one.what}, {"advice", one.advice}});
  }
  json disturbed = json::object();
  for (const auto& [kind, count] : twins.disturbances()) disturbed[kind] = count;
  return {{"machine", machine},
          {"date", compare::today_utc()},
          {"suite", session.suite.name},
          {"cells", twins.cells().size()},
          {"ranks", session.world.size()},
          {"rounds", twins.rounds()},
          {"seconds_per_round", twins.seconds_per_round()},
          {"pair_noise", selfcheck::pair_noise(twins.cells())},
          {"compare", alarms_json(selfcheck::alarms_of_compare(twins.cells(), kRoundsPerBlock))},
          {"ab", alarms_json(selfcheck::alarms_of_ab(twins.cells(), kRoundsPerBlock))},
          {"smallest_effect", effects},
          {"disturbed", disturbed},
          {"findings", findings}};
}

void print(const json& document) {
  const auto alarms = [&](const char* which) {
    const auto& one = document.at(which);
    return fmt::format("{} of {} comparisons called a regression; {} of {} verdicts were faster or slower",
                       one.at("regressions").get<int64_t>(), one.at("comparisons").get<int64_t>(),
                       one.at("false_claims").get<int64_t>(), one.at("claims").get<int64_t>());
  };
  fmt::print("{}\n{} rounds of {} cells, each twice, on {} ranks; {:.2f} s a round\n",
             document.at("machine").get<std::string>(), document.at("rounds").get<int>(),
             document.at("cells").get<int>(), document.at("ranks").get<int>(),
             document.at("seconds_per_round").get<double>());
  fmt::print("neighbours differ by {:.2f} % (robust standard deviation)\n",
             100 * document.at("pair_noise").get<double>());
  fmt::print("false alarms of compare, {} rounds each: {}\n", kRoundsPerBlock, alarms("compare"));
  fmt::print("false alarms of ab,      {} rounds each: {}\n", kRoundsPerBlock, alarms("ab"));
  for (const char* minutes : {"1", "5", "20"}) {
    const auto& effect = document.at("smallest_effect").at(minutes);
    const std::string words = effect.is_null() ? "no" : fmt::format("a {:.3g} %", 100 * effect.get<double>());
    fmt::print("in {:>2} minutes ab finds {} slowdown of one cell (9 times of 10)\n", minutes, words);
  }
  for (const auto& [kind, count] : document.at("disturbed").items()) {
    fmt::print("disturbed: {}... ({} timings)\n", kind, count.get<int>());
  }
  for (const auto& one : document.at("findings")) {
    fmt::print("{}: {}\n", one.at("name").get<std::string>(), one.at("what").get<std::string>());
    if (const std::string advice = one.at("advice"); !advice.empty()) fmt::print("  -> {}\n", advice);
  }
}

bool has_failed(const measure::Session& session) {
  bool any = false;
  for (const auto& state : session.cells) {
    if (state.status != results::CellStatus::kFailed) continue;
    any = true;
    if (session.world.rank() == 0) spdlog::error("{}: {}", state.cell.key, state.reason);
  }
  return any;
}

// false: a cell failed
bool check(const Options& options) {
  const ranks::Communicator world;
  suite::Suite suite;
  std::vector<suite::Cell> cells;
  std::string device;
  world.together([&] {
    suite = open_suite(options.suite, options.set);
    cells = suite::plan(suite);
    device = measure::device_of_rank(suite.run.device, world);
    at::set_num_threads(suite.run.threads);
  });
  measure::ModelCache models(device);
  const measure::SteadyClock clock;
  measure::Session session(
      world, suite, cells,
      [&](const suite::Cell& cell) { return std::make_unique<measure::CellRunner>(cell, suite, models); }, clock);
  session.open({.database = ":memory:"});  // nothing is kept but the summary
  measure::prepare_cells(session);
  measure::check_cells(session);
  if (has_failed(session)) return false;
  Twins twins(session, 60 * options.minutes);
  twins.run();
  const double own_seconds = seconds_of_all(world, twins.watch());
  session.finish();
  const auto* store = session.writer.store();
  if (store == nullptr) return true;
  const auto machine = results::machine_fingerprint(results::read_run(*store, session.run_id));
  const json document = document_of(twins, session, machine, own_seconds);
  selfcheck::keep(machine, document);
  if (options.json) {
    std::cout << document.dump(2) << "\n";
  } else {
    print(document);
    spdlog::info("kept in {}; compare quotes it", selfcheck::record_path().string());
  }
  return true;
}

}  // namespace

void add_selfcheck(Command program, int& exit_code) {
  const Command command = program.add_subcommand(
      "selfcheck", "the program against itself: false alarms of the gate here, what it can see, what disturbs");
  auto options = std::make_shared<Options>();
  command.add_option("--suite", options->suite, "TOML file, or the name of a shipped suite").capture_default_str();
  command.add_option("--minutes", options->minutes, "how long").capture_default_str().positive();
  command.add_option("--set", options->set, "key=value over the suite's; repeatable");
  add_plugin_option(command);
  command.add_flag("--json", options->json, "one JSON document on stdout");
  command.footer("Example: mpirun -n 2 diffbench selfcheck --minutes 5");
  command.callback([options, &exit_code] { exit_code = check(*options) ? 0 : 1; });
}

}  // namespace diffbench::commands
