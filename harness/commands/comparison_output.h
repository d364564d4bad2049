#pragma once
// What `compare`, `ab` and `report` share: two runs as words, the gate, the forms of the answer, and the exit code.
//
//   ComparisonOptions options;
//   add_comparison_options(command, options);
//   const auto found = compare_files("old.db", "new.db@12", {}, read_gate_options(options, names));
//   return put_out({found.comparison, found.older, found.newer}, options);

#include <optional>
#include <string>
#include <vector>

#include "harness/commands/command.h"
#include "harness/compare/comparison_text.h"
#include "results/compare/gate.h"

namespace diffbench::commands {

struct ComparisonOptions {
  std::optional<std::string> gate{};
  std::vector<std::string> across{};
  std::optional<std::string> junit{};
  std::optional<std::string> markdown{};
  std::string undecided{};  // ok | fail; empty: an exit code of its own
  bool all = false;
  bool json = false;
};

void add_comparison_options(Command command, ComparisonOptions& options);
// quality_metrics: names that a gate.toml may use besides those of speed and cost
results::Gate read_gate_options(const ComparisonOptions& options, const std::vector<std::string>& quality_metrics);

struct ComparedFiles {
  results::MeasuredRun older{};
  results::MeasuredRun newer{};
  results::Comparison comparison{};
};

// Runs as results/compare/run_choice.h has them; with `last` the old one is a history.
ComparedFiles compare_files(const std::string& older, const std::string& newer, std::optional<int> last,
                            const results::Gate& gate);

// Writes the files, prints, and returns the exit code.
int put_out(const compare::ComparedRuns& runs, const ComparisonOptions& options);

}  // namespace diffbench::commands
