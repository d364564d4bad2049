#pragma once
// What `compare` and `ab` share: the gate, the forms of the answer, and the exit code.
//
//   ComparisonOptions options;
//   add_comparison_options(*command, options);
//   const auto gate = read_gate_options(options);
//   return put_out({comparison, older, newer}, options);

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

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

void add_comparison_options(CLI::App& command, ComparisonOptions& options);
results::Gate read_gate_options(const ComparisonOptions& options);

// Writes the files, prints, and returns the exit code.
int put_out(const compare::ComparedRuns& runs, const ComparisonOptions& options);

}  // namespace diffbench::commands
