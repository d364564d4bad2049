#include "results/compare/gate_rules.h"

#include <algorithm>
#include <cstdio>

namespace diffbench::results {
namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.6g", value);
  return text;
}

// A loss that fails the gate unless it is excused: one that the machine may have caused does not.
bool fails(const VerdictRow& row, bool is_paired) {
  if (!row.gates || !is_loss(row.verdict)) return false;
  const bool is_shared = is_paired && row.cause == Cause::kUnknown && row.metric == "latency";
  return row.cause == Cause::kMethod || is_shared;
}

// What may be a loss, although it is not known to be the method's: it leaves the outcome open.
bool is_open(const VerdictRow& row) {
  return row.gates && (row.verdict == Verdict::kUndecided || is_loss(row.verdict));
}

class Rules {
 public:
  Rules(const Gate& gate, const MeasuredRun& newer, Comparison& comparison)
      : gate_(gate), newer_(newer), comparison_(comparison) {}

  void apply() {
    for (VerdictRow& row : comparison_.rows) {
      row.is_regression = fails(row, comparison_.is_paired) || row.is_regression;
      if (!is_open(row)) continue;  // a cell that may be worse may be undecided as well
      for (const Allowance& allowance : gate_.allowances) excuse(row, allowance);
    }
    for (const Budget& budget : gate_.budgets) hold(budget);
    note_useless();
  }

 private:
  static bool is_about(const Allowance& allowance, const VerdictRow& row) {
    return (allowance.metric.empty() || allowance.metric == row.metric) && allowance.cells(row.key);
  }

  static void excuse(VerdictRow& row, const Allowance& allowance) {
    if (!is_about(allowance, row)) return;
    if (allowance.is_expired) {
      row.reason += "; was allowed until " + allowance.until + " (" + allowance.reason + ")";
    } else {
      row.is_regression = false;
      row.gates = false;
      row.reason += "; allowed until " + allowance.until + ": " + allowance.reason;
    }
  }

  void hold(const Budget& budget) {
    for (const MeasuredCell& cell : newer_.cells) {
      const auto value = value_of(cell, budget.metric);
      if (!budget.cells(cell.stored.row.key) || !value) continue;
      const bool is_over =
          (budget.at_most && *value > *budget.at_most) || (budget.at_least && *value < *budget.at_least);
      const std::string limit =
          budget.at_most ? "at most " + number(*budget.at_most) : "at least " + number(*budget.at_least);
      const ComparedMetric* metric = find_compared_metric(budget.metric);
      const bool is_speed = metric && metric->is_speed;
      comparison_.rows.push_back(
          {.key = cell.stored.row.key,
           .label = cell.stored.row.method_label,
           .metric = budget.metric,
           .verdict = !is_over ? Verdict::kSame : (is_speed ? Verdict::kSlower : Verdict::kWorse),
           .confidence = gate_.confidence,
           .rule = "budget",
           .reason = "budget " + std::string(is_over ? "exceeded: " : "held: ") + number(*value) + ", " + limit + " (" +
                     budget.place + ")",
           .gates = true,
           .is_regression = is_over,
           .newer = value});
    }
  }

  void note_useless() {
    const auto matches_nothing = [&](const CellPattern& cells) {
      return std::none_of(newer_.cells.begin(), newer_.cells.end(),
                          [&](const MeasuredCell& cell) { return cells(cell.stored.row.key); });
    };
    for (const auto& entry : gate_.thresholds) {
      if (matches_nothing(entry.cells)) comparison_.notes.push_back(entry.place + ": matches no cell");
    }
    for (const auto& entry : gate_.allowances) {
      if (entry.is_expired) comparison_.notes.push_back(entry.place + ": expired on " + entry.until);
      if (matches_nothing(entry.cells)) comparison_.notes.push_back(entry.place + ": matches no cell");
    }
    for (const auto& entry : gate_.budgets) {
      const bool is_empty = std::none_of(newer_.cells.begin(), newer_.cells.end(), [&](const MeasuredCell& cell) {
        return entry.cells(cell.stored.row.key) && value_of(cell, entry.metric);
      });
      if (is_empty) {
        comparison_.notes.push_back(entry.place + ": no cell that it matches has a value of " + entry.metric);
      }
    }
  }

  const Gate& gate_;
  const MeasuredRun& newer_;
  Comparison& comparison_;
};

}  // namespace

void apply_gate(const Gate& gate, const MeasuredRun& newer, Comparison& comparison) {
  Rules(gate, newer, comparison).apply();
}

}  // namespace diffbench::results
