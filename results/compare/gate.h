#pragma once
// What a gate lets through: the smallest effects that matter, what may be slower, and absolute budgets. gate.toml as
// data; harness/compare/gate_file.h reads it.
//
//   Gate gate;                                                   // 95 %, the table's smallest effects, no exceptions
//   gate.thresholds.push_back({.metric = "latency", .cells = matches("single_stream"), .effect = 0.05});

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace diffbench::results {

// Of the cells' keys; `place` says where in gate.toml an entry stands, for messages.
using CellPattern = std::function<bool(const std::string& key)>;

struct Threshold {
  std::string place{};
  std::string metric{};
  CellPattern cells{};
  std::optional<double> effect{};
  std::optional<bool> gates{};
};

struct Allowance {
  std::string place{};
  std::string metric{};  // empty: every metric
  CellPattern cells{};
  std::string reason{};
  std::string until{};  // ISO date; the last day on which it holds
  bool is_expired = false;
};

struct Budget {
  std::string place{};
  std::string metric{};
  CellPattern cells{};
  std::optional<double> at_most{};  // in the metric's unit
  std::optional<double> at_least{};
};

struct Gate {
  double confidence = 0.95;
  std::vector<Threshold> thresholds{};  // the last that matches holds
  std::vector<Allowance> allowances{};
  std::vector<Budget> budgets{};
  std::vector<std::string> across{};  // groups of circumstances that may differ: machine, library, layout, suite
};

}  // namespace diffbench::results
