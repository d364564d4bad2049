// A comment for a pull request: the headline, then the lines that matter, the rest as counts.
#include <spdlog/fmt/fmt.h>

#include "harness/compare/comparison_text.h"

namespace diffbench::compare {
namespace {

using results::Verdict;
using results::VerdictRow;

constexpr std::size_t kMostRows = 30;
constexpr std::size_t kMostNotes = 8;

// what GitHub's Markdown would take for its own
std::string escaped(std::string_view text) {
  std::string result;
  for (const char letter : text) {
    if (letter == '<') {
      result += "&lt;";
      continue;
    }
    if (std::string_view("|*_`[]\\~#@").find(letter) != std::string_view::npos) result += '\\';
    result += letter == '\n' ? ' ' : letter;
  }
  return result;
}

std::string commit_of(const results::MeasuredRun& run) {
  const std::string sha = run.row.git_sha ? run.row.git_sha->substr(0, 10) : "no commit";
  return fmt::format("{}{}", sha, run.row.git_dirty.value_or(false) ? " (changed)" : "");
}

}  // namespace

std::string as_markdown(const ComparedRuns& runs) {
  const auto& comparison = runs.comparison;
  std::string text = fmt::format("### diffbench: {}\n\n", escaped(headline(comparison)));
  text += fmt::format("{} against {}, suite {}, {}; {}.\n\n", escaped(commit_of(runs.newer)),
                      escaped(commit_of(runs.older)), escaped(runs.newer.row.suite_name),
                      escaped(results::machine_fingerprint(runs.newer)),
                      comparison.is_paired ? "both took turns in one run" : "two runs, one after the other");
  std::size_t shown = 0;
  std::size_t left = 0;
  for (const VerdictRow& row : comparison.rows) {
    if (row.verdict == Verdict::kSame || !(row.gates || results::is_claim(row.verdict))) continue;
    if (shown == kMostRows) {
      ++left;
      continue;
    }
    if (shown++ == 0) text += "| | cell | metric | why |\n|---|---|---|---|\n";
    text += fmt::format("| {}{} | {} | {} | {} |\n", row.is_regression ? "**" : "",
                        escaped(to_string(row.verdict)) + (row.is_regression ? "**" : ""), escaped(row.key),
                        escaped(row.metric), escaped(row.reason));
  }
  if (left > 0) text += fmt::format("\n{} more lines like these.\n", left);
  std::size_t notes = 0;
  const auto note = [&](const std::string& words) {
    if (notes == 0) text += "\n";
    if (notes++ < kMostNotes) text += "- " + escaped(words) + "\n";
  };
  for (const auto& difference : comparison.differences) note(difference.group + ": " + results::in_words(difference));
  for (const auto& words : comparison.notes) note(words);
  if (notes > kMostNotes) text += fmt::format("- {} more notes\n", notes - kMostNotes);
  return text;
}

}  // namespace diffbench::compare
