// diffbench compare: two runs, cell by cell.

#include <memory>
#include <optional>

#include "harness/commands/commands.h"
#include "harness/commands/comparison_output.h"
#include "harness/quality/metric_rows.h"

namespace diffbench::commands {
namespace {

struct Options {
  std::string older;
  std::string newer;
  std::optional<int> last;
  ComparisonOptions output;
};

int compare(const Options& options) {
  const auto found = compare_files(options.older, options.newer, options.last,
                                   read_gate_options(options.output, quality::metric_row_names()));
  return put_out({found.comparison, found.older, found.newer}, options.output);
}

}  // namespace

void add_compare(Command program, int& exit_code) {
  const Command command =
      program.add_subcommand("compare", "two runs cell by cell: faster, slower, same or undecided, and why");
  auto options = std::make_shared<Options>();
  command.add_option("old", options->older, "results file: its latest run, or F.db@12, F.db@latest, F.db@git:COMMIT")
      .required();
  command.add_option("new", options->newer, "the same").required();
  command
      .add_option("--last", options->last,
                  "OLD is a history: the median of its last K runs of this suite on this kind of machine")
      .positive();
  add_comparison_options(command, options->output);
  command.footer(
      "Exit code 0: no regression; 1: a regression; 4: undecided; 2: a mistake in what was given; 3: ours.\n"
      "Example: diffbench compare results.db@git:1a2b3c results.db@latest --gate gate.toml");
  command.callback([options, &exit_code] { exit_code = compare(*options); });
}

}  // namespace diffbench::commands
