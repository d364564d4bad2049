#include "harness/commands/comparison_output.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>

#include "harness/compare/gate_file.h"
#include "harness/selfcheck/record.h"
#include "methods/config/input_error.h"
#include "results/compare/run_choice.h"

namespace diffbench::commands {
namespace {

constexpr int kRegression = 1;
constexpr int kUndecided = 4;

// whole or not at all
void write_file(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".writing-" + std::to_string(::getpid());
  std::ofstream out(temporary, std::ios::binary);
  out << text;
  out.close();
  std::error_code error;
  if (out) std::filesystem::rename(temporary, path, error);
  if (!out || error) {
    std::error_code none;
    std::filesystem::remove(temporary, none);
    throw config::InputError(path + ": cannot be written");
  }
}

}  // namespace

void add_comparison_options(Command command, ComparisonOptions& options) {
  command.add_option("--gate", options.gate, "TOML file: smallest effects, what may be slower, budgets");
  command
      .add_option("--across", options.across,
                  "compare although these differ: machine, library, layout, suite (repeatable, or with commas)")
      .delimiter(',')
      .one_of({"machine", "library", "layout", "suite"});
  command.add_option("--junit", options.junit, "writes the verdicts as JUnit XML, for build servers");
  command.add_option("--markdown", options.markdown, "writes a comment for a pull request, under 60 lines");
  command
      .add_option("--undecided", options.undecided, "what an undecided comparison ends with: ok 0, fail 1 (default 4)")
      .one_of({"ok", "fail"});
  command.add_flag("--all", options.all, "print every verdict, what stayed the same too");
  command.add_flag("--json", options.json, "one JSON document on stdout");
}

results::Gate read_gate_options(const ComparisonOptions& options, const std::vector<std::string>& quality_metrics) {
  auto gate = options.gate ? compare::read_gate(*options.gate, compare::today_utc(), quality_metrics) : results::Gate();
  gate.across = options.across;
  return gate;
}

ComparedFiles compare_files(const std::string& older, const std::string& newer, std::optional<int> last,
                            const results::Gate& gate) {
  ComparedFiles found;
  const auto newer_choice = results::choose_run(newer);
  found.newer = results::read_run(newer_choice.store, newer_choice.run);
  bool is_paired = false;
  if (last) {
    found.older = results::median_of_last(older, *last, found.newer);
  } else {
    const auto choice = results::choose_run(older);
    found.older = results::read_run(choice.store, choice.run);
    std::error_code none;
    is_paired = std::filesystem::equivalent(found.older.database, found.newer.database, none) &&
                choice.store.are_paired(found.older.id, found.newer.id);
  }
  if (found.older.uid == found.newer.uid) {
    throw config::InputError(newer + " and " + older + " are one and the same run");
  }
  found.comparison = results::compare_runs(found.older, found.newer, gate, is_paired);
  if (const auto known = selfcheck::recall(results::machine_fingerprint(found.newer))) {
    found.comparison.notes.push_back(selfcheck::quote(*known));
  }
  return found;
}

int put_out(const compare::ComparedRuns& runs, const ComparisonOptions& options) {
  if (options.junit) write_file(*options.junit, compare::as_junit(runs));
  if (options.markdown) write_file(*options.markdown, compare::as_markdown(runs));
  if (options.json) {
    std::cout << compare::as_json(runs).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  } else {
    std::cout << compare::as_table(runs, options.all);
  }
  switch (runs.comparison.outcome) {
    case results::Outcome::kNone:
      return 0;
    case results::Outcome::kRegression:
      return kRegression;
    case results::Outcome::kUndecided:
      break;
  }
  return options.undecided == "ok" ? 0 : (options.undecided == "fail" ? kRegression : kUndecided);
}

}  // namespace diffbench::commands
