// The shape of docs/outputs.md: `verdict`, `old`, `new`, `cells`; what goes beyond these explains the verdicts.
#include <string>

#include "harness/compare/comparison_text.h"

namespace diffbench::compare {
namespace {

using nlohmann::json;

template <typename T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json();
}

json run_json(const results::MeasuredRun& run) {
  return {{"database", run.database},
          {"run", run.id},
          {"uid", run.uid},
          {"suite", run.row.suite_name},
          {"started_utc", run.row.started_utc},
          {"git_sha", or_null(run.row.git_sha)},
          {"git_dirty", or_null(run.row.git_dirty)},
          {"program_version", run.row.program_version},
          {"hosts", run.hosts},
          {"machine", results::machine_fingerprint(run)}};
}

json row_json(const results::VerdictRow& row) {
  const bool is_ratio = row.scale == results::Scale::kRatio;
  json result = {{"key", row.key},
                 {"label", row.label},
                 {"metric", row.metric},
                 {"verdict", to_string(row.verdict)},
                 {"scale", is_ratio ? "ratio" : "difference"},
                 {"ratio", is_ratio ? or_null(row.effect) : json()},
                 {"low", json()},
                 {"high", json()},
                 {"n", row.n},
                 {"confidence", row.confidence},
                 {"rule", row.rule},
                 {"cause", row.cause == results::Cause::kUnknown ? json() : json(to_string(row.cause))},
                 {"reason", row.reason},
                 {"rounds_needed", or_null(row.rounds_needed)},
                 {"smallest_effect", row.smallest_effect},
                 {"gates", row.gates},
                 {"regression", row.is_regression},
                 {"old_value", or_null(row.older)},
                 {"new_value", or_null(row.newer)}};
  if (!is_ratio) {
    result["difference"] = or_null(row.effect);
    result["difference_low"] = row.interval ? json(row.interval->low) : json();
    result["difference_high"] = row.interval ? json(row.interval->high) : json();
  } else if (row.interval) {
    result["low"] = row.interval->low;
    result["high"] = row.interval->high;
  }
  return result;
}

}  // namespace

json as_json(const ComparedRuns& runs) {
  const auto& comparison = runs.comparison;
  json differences = json::array();
  for (const auto& one : comparison.differences) {
    differences.push_back({{"group", one.group}, {"entry", one.entry}, {"old", one.older}, {"new", one.newer}});
  }
  json cells = json::array();
  for (const auto& row : comparison.rows) cells.push_back(row_json(row));
  return {{"verdict", to_string(comparison.outcome)},
          {"headline", headline(comparison)},
          {"old", run_json(runs.older)},
          {"new", run_json(runs.newer)},
          {"rule",
           {{"confidence", comparison.confidence},
            {"family", comparison.family},
            {"correction", "Holm"},
            {"paired", comparison.is_paired}}},
          {"differences", differences},
          {"notes", comparison.notes},
          {"cells", cells}};
}

}  // namespace diffbench::compare
