// The table on the terminal: what matters first, one line per cell and metric, the reason in words.
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <map>

#include "harness/compare/comparison_text.h"

namespace diffbench::compare {
namespace {

using results::Outcome;
using results::Verdict;
using results::VerdictRow;

std::string name_of(const results::MeasuredRun& run) {
  std::string words = fmt::format("{} run {}, {}", run.database, run.id, run.row.started_utc);
  if (run.row.git_sha) {
    words +=
        fmt::format(", {}{}", run.row.git_sha->substr(0, 10), run.row.git_dirty.value_or(false) ? " (changed)" : "");
  }
  return words;
}

}  // namespace

std::string headline(const results::Comparison& comparison) {
  std::map<std::string, int> counts;
  int regressions = 0;
  for (const VerdictRow& row : comparison.rows) {
    regressions += row.is_regression ? 1 : 0;
    ++counts[std::string(to_string(row.verdict))];
  }
  std::string words = "No regression";
  if (comparison.outcome == Outcome::kRegression) {
    words = fmt::format("{} regression{}", regressions, regressions == 1 ? "" : "s");
  } else if (comparison.outcome == Outcome::kUndecided) {
    words = "Undecided";
  }
  words += fmt::format(" in {} verdicts", comparison.rows.size());
  const char* separator = ": ";
  for (const auto& [verdict, count] : counts) {
    words += fmt::format("{}{} {}", separator, count, verdict == "not_comparable" ? "not comparable" : verdict);
    separator = ", ";
  }
  return words + ".";
}

std::string as_table(const ComparedRuns& runs, bool with_all) {
  const auto& comparison = runs.comparison;
  std::string text = fmt::format("old: {}\nnew: {}\n", name_of(runs.older), name_of(runs.newer));
  text += fmt::format("{}; {} claims share an error of {:.3g} % (Holm)\n",
                      comparison.is_paired ? "the runs took turns" : "two runs", comparison.family,
                      100 * (1 - comparison.confidence));
  for (const auto& difference : comparison.differences) {
    text += fmt::format("differs: {}: {}\n", difference.group, results::in_words(difference));
  }
  for (const auto& note : comparison.notes) text += "note: " + note + "\n";
  std::size_t key_width = 4;
  std::size_t metric_width = 6;
  int hidden = 0;
  const auto is_shown = [&](const VerdictRow& row) {
    return with_all || results::is_claim(row.verdict) || (row.gates && row.verdict != Verdict::kSame);
  };
  for (const VerdictRow& row : comparison.rows) {
    if (!is_shown(row)) {
      ++hidden;
      continue;
    }
    key_width = std::max(key_width, row.key.size());
    metric_width = std::max(metric_width, row.metric.size());
  }
  for (const VerdictRow& row : comparison.rows) {
    if (!is_shown(row)) continue;
    const std::string mark = row.is_regression ? "!" : (row.gates ? " " : "-");
    const std::string verdict =
        row.verdict == Verdict::kNotComparable ? "not comparable" : std::string(to_string(row.verdict));
    text += fmt::format("{} {:<14}  {:<{}}  {:<{}}  {}\n", mark, verdict, row.key, key_width, row.metric, metric_width,
                        row.reason);
  }
  if (hidden > 0) text += fmt::format("  {} more that are the same or do not count (--all shows them)\n", hidden);
  return text + headline(comparison) + "\n";
}

}  // namespace diffbench::compare
