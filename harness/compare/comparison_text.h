#pragma once
// A comparison as readers and programs want it: a table for the terminal, JSON, JUnit for build servers, Markdown for a
// pull request.
//
//   std::cout << compare::as_table({comparison, older, newer}, false);
//   write(path, compare::as_junit({comparison, older, newer}));
//
// Pure functions. JSON has the shape of the contract (one entry per cell and metric); JUnit one test case per cell and
// metric, as the schema of Jenkins' xunit plugin has it; Markdown stays under 60 lines whatever the size.

#include <nlohmann/json.hpp>
#include <string>

#include "results/compare/measured_run.h"
#include "results/compare/verdicts.h"

namespace diffbench::compare {

struct ComparedRuns {
  const results::Comparison& comparison;
  const results::MeasuredRun& older;
  const results::MeasuredRun& newer;
};

// "No regression in 24 verdicts: 2 faster, 18 same, 4 undecided."
std::string headline(const results::Comparison& comparison);

// Without `with_all`, what is the same and what is undecided but does not count stay a number.
std::string as_table(const ComparedRuns& runs, bool with_all);
nlohmann::json as_json(const ComparedRuns& runs);
std::string as_junit(const ComparedRuns& runs);
std::string as_markdown(const ComparedRuns& runs);

}  // namespace diffbench::compare
