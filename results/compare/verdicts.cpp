#include "results/compare/verdicts.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <tuple>

#include "results/compare/cause.h"
#include "results/compare/evidence.h"
#include "results/compare/gate_rules.h"

namespace diffbench::results {
namespace {

// Runs that did not take turns: how all cells moved together, where that is more than what matters.
void note_machine(const std::vector<Judged>& judged, Comparison& comparison) {
  std::vector<double> logs;
  for (const Judged& one : judged) {
    if (one.contrast && one.metric->name == "latency") logs.push_back(one.contrast->estimate());
  }
  constexpr double kWorthSaying = 0.02;
  if (comparison.is_paired || logs.size() < 2 || std::abs(median(logs)) < kWorthSaying) return;
  char text[200];
  std::snprintf(
      text, sizeof(text),
      "in the middle of all cells the new run is %.1f %% %s: a machine does that, and so does a change that all "
      "cells share; `diffbench ab` tells them apart",
      100 * std::abs(std::expm1(median(logs))), median(logs) > 0 ? "slower" : "faster");
  comparison.notes.emplace_back(text);
}

void note_differences(const Gate& gate, Comparison& comparison) {
  for (const Difference& one : comparison.differences) {
    const bool is_allowed = std::find(gate.across.begin(), gate.across.end(), one.group) != gate.across.end();
    if (is_allowed) comparison.notes.push_back("compared across a difference: " + one.group + ": " + in_words(one));
  }
}

// what a reader looks for first
int weight(const VerdictRow& row) {
  if (row.is_regression) return 0;
  if (row.gates && is_loss(row.verdict)) return 1;
  if (is_loss(row.verdict)) return 2;
  if (is_claim(row.verdict)) return row.gates ? 3 : 4;
  switch (row.verdict) {
    case Verdict::kUndecided:
      return row.gates ? 5 : 6;
    case Verdict::kNotComparable:
      return 7;
    default:
      return 8;
  }
}

double size(const VerdictRow& row) {
  if (!row.effect) return 0;
  return row.scale == Scale::kRatio ? std::abs(std::log(*row.effect)) : std::abs(*row.effect);
}

Outcome outcome_of(const std::vector<VerdictRow>& rows) {
  const auto any = [&](auto&& condition) { return std::any_of(rows.begin(), rows.end(), condition); };
  if (any([](const VerdictRow& row) { return row.is_regression; })) return Outcome::kRegression;
  const bool is_open = any([](const VerdictRow& row) {
    const bool may_be_lost = row.verdict == Verdict::kUndecided || row.verdict == Verdict::kNotComparable ||
                             (is_loss(row.verdict) && row.metric != "speedup");
    return row.gates && may_be_lost;
  });
  return is_open ? Outcome::kUndecided : Outcome::kNone;
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kFaster:
      return "faster";
    case Verdict::kSlower:
      return "slower";
    case Verdict::kBetter:
      return "better";
    case Verdict::kWorse:
      return "worse";
    case Verdict::kSame:
      return "same";
    case Verdict::kUndecided:
      return "undecided";
    case Verdict::kNotComparable:
      break;
  }
  return "not_comparable";
}

std::string_view to_string(Cause cause) {
  return cause == Cause::kMethod ? "method" : (cause == Cause::kMachine ? "machine" : "");
}

std::string_view to_string(Outcome outcome) {
  return outcome == Outcome::kRegression ? "regression" : (outcome == Outcome::kUndecided ? "undecided" : "none");
}

bool is_loss(Verdict verdict) { return verdict == Verdict::kSlower || verdict == Verdict::kWorse; }
bool is_claim(Verdict verdict) {
  return is_loss(verdict) || verdict == Verdict::kFaster || verdict == Verdict::kBetter;
}

Comparison compare_runs(const MeasuredRun& older, const MeasuredRun& newer, const Gate& gate, bool is_paired) {
  Comparison comparison{.is_paired = is_paired, .confidence = gate.confidence};
  comparison.differences = run_differences(older, newer);
  const auto matches = match_cells(older, newer, is_paired);
  const auto metrics = compared_metrics(older, newer);
  auto judged = judge(matches, metrics, comparison.differences, gate, is_paired);
  comparison.family = family_size(judged, 1 - gate.confidence, is_paired);
  explain_causes(matches, judged, is_paired);
  note_differences(gate, comparison);
  note_machine(judged, comparison);
  for (Judged& one : judged) comparison.rows.push_back(std::move(one.row));
  apply_gate(gate, newer, comparison);
  std::stable_sort(comparison.rows.begin(), comparison.rows.end(), [](const VerdictRow& a, const VerdictRow& b) {
    return std::tuple(weight(a), -size(a)) < std::tuple(weight(b), -size(b));
  });
  comparison.outcome = outcome_of(comparison.rows);
  return comparison;
}

}  // namespace diffbench::results
