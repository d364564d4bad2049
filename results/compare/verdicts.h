#pragma once
// The verdicts of a comparison: of each cell and metric whether it became faster, slower, better, worse, stayed the
// same or cannot be told, why, and whose doing it is.
//
//   const Comparison comparison = compare_runs(older, newer, gate, false);
//   for (const VerdictRow& row : comparison.rows) print(row.key, row.metric, to_string(row.verdict), row.reason);
//   return comparison.outcome == Outcome::kRegression ? 1 : 0;
//
// A verdict is a claim only where the whole interval lies beyond the smallest effect that matters (`slower`), or within
// it (`same`); the intervals' levels are Holm's, over all cells and metrics, so that with the gate's confidence none of
// the claims is false. results/README.md, "Comparisons".

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "results/compare/compared_metrics.h"
#include "results/compare/differences.h"
#include "results/compare/gate.h"

namespace diffbench::results {

enum class Verdict { kFaster, kSlower, kBetter, kWorse, kSame, kUndecided, kNotComparable };
enum class Cause { kUnknown, kMethod, kMachine };
enum class Outcome { kNone, kRegression, kUndecided };

std::string_view to_string(Verdict verdict);  // "faster", ..., "not_comparable"
std::string_view to_string(Cause cause);      // "method", "machine"; "" where it is not known
std::string_view to_string(Outcome outcome);  // "none", "regression", "undecided"

struct VerdictRow {
  std::string key{};
  std::string label{};
  std::string metric{};  // "all" where a cell as a whole cannot be compared
  Verdict verdict = Verdict::kUndecided;
  Scale scale = Scale::kRatio;
  std::optional<double> effect{};      // new over old, or new less old
  std::optional<Interval> interval{};  // at `confidence`
  double confidence = 0.95;
  std::int64_t n = 0;
  std::string rule{};
  Cause cause = Cause::kUnknown;
  std::string reason{};
  std::optional<std::int64_t> rounds_needed{};  // more of them, of an undecided row
  double smallest_effect = 0;
  bool gates = false;          // counts for the outcome
  bool is_regression = false;  // and fails the gate
  std::optional<double> older{};
  std::optional<double> newer{};
};

struct Comparison {
  Outcome outcome = Outcome::kNone;
  bool is_paired = false;
  double confidence = 0.95;
  std::int64_t family = 0;  // claims that share the error
  std::vector<Difference> differences{};
  std::vector<std::string> notes{};
  std::vector<VerdictRow> rows{};  // what matters first
};

Comparison compare_runs(const MeasuredRun& older, const MeasuredRun& newer, const Gate& gate, bool is_paired);

bool is_claim(Verdict verdict);  // faster, slower, better or worse
bool is_loss(Verdict verdict);   // slower or worse

}  // namespace diffbench::results
