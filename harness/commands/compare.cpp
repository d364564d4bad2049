// diffbench compare: two runs, cell by cell.

#include <spdlog/spdlog.h>

#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>

#include "harness/commands/commands.h"
#include "harness/commands/comparison_output.h"
#include "harness/selfcheck/record.h"
#include "methods/config/input_error.h"
#include "results/compare/run_choice.h"

namespace diffbench::commands {
namespace {

struct Options {
  std::string older;
  std::string newer;
  std::optional<int> last;
  ComparisonOptions output;
};

int compare(const Options& options) {
  const auto gate = read_gate_options(options.output);
  const auto newer_choice = results::choose_run(options.newer);
  const auto newer = results::read_run(newer_choice.store, newer_choice.run);
  results::MeasuredRun older;
  bool is_paired = false;
  if (options.last) {
    older = results::median_of_last(options.older, *options.last, newer);
  } else {
    const auto choice = results::choose_run(options.older);
    older = results::read_run(choice.store, choice.run);
    std::error_code none;
    is_paired = std::filesystem::equivalent(older.database, newer.database, none) &&
                choice.store.are_paired(older.id, newer.id);
  }
  if (older.uid == newer.uid) {
    throw config::InputError(options.newer + " and " + options.older + " are one and the same run");
  }
  auto comparison = results::compare_runs(older, newer, gate, is_paired);
  if (const auto known = selfcheck::recall(results::machine_fingerprint(newer))) {
    comparison.notes.push_back(selfcheck::quote(*known));
  }
  return put_out({comparison, older, newer}, options.output);
}

}  // namespace

void add_compare(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("compare", "two runs cell by cell: faster, slower, same or undecided, and why");
  auto options = std::make_shared<Options>();
  command->add_option("old", options->older, "results file: its latest run, or F.db@12, F.db@latest, F.db@git:COMMIT")
      ->required();
  command->add_option("new", options->newer, "the same")->required();
  command
      ->add_option("--last", options->last,
                   "OLD is a history: the median of its last K runs of this suite on this kind of machine")
      ->check(CLI::PositiveNumber);
  add_comparison_options(*command, options->output);
  command->footer(
      "Exit code 0: no regression; 1: a regression; 4: undecided; 2: a mistake in what was given; 3: ours.\n"
      "Example: diffbench compare results.db@git:1a2b3c results.db@latest --gate gate.toml");
  command->callback([options, &exit_code] { exit_code = compare(*options); });
}

}  // namespace diffbench::commands
