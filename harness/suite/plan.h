#pragma once
// Suite -> cells: what will be measured, in the order of the file. Pure functions.
//
//   std::vector<Cell> cells = plan(suite);
//   Selection chosen = only(cells, "static_schedule.*offline");   // --only; brings the baselines along
//
// Solvers, steps, precisions, runtimes, scenarios and batches are outer loops, methods the innermost, so a comparison
// (one `group`) is contiguous.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/suite/suite.h"

namespace diffbench::suite {

struct Cell {
  int index = 0;            // position in its vector
  std::string key;          // "full/ddim/trailing/20/b64/fp32/offline", ".../fp32/openvino/offline"; unique
  std::string group;        // the key without the method: cells to be compared with each other
  std::string quality_key;  // "full/ddim/trailing/20/fp32": cells that make the same samples share one judgement
  std::string method;
  std::string label;
  nlohmann::json method_params;
  std::string model;
  std::string solver;
  nlohmann::json solver_params;
  std::string grid;
  int steps = 1;
  int batch = 1;  // always 1 for single_stream
  std::string precision;
  std::string runtime = "eager";
  std::string scenario;
  std::optional<int> baseline;  // index of the cell that speed-ups are taken against; none for the baseline itself
};

// Solver parameters are part of the key: "ddim(eta=0.5)". Throws config::InputError when two cells would share a key
// (the same solver, grid, parameters and steps twice), or when there are more than 100,000.
std::vector<Cell> plan(const Suite& suite);

struct Selection {
  std::vector<Cell> cells;                  // renumbered
  std::vector<std::string> kept_baselines;  // keys that did not match, kept because a chosen cell is compared with them
};

// The cells whose key contains a match of `regex` (POSIX extended), and their baselines. Throws config::InputError for
// a malformed expression, and when nothing matches.
Selection only(const std::vector<Cell>& cells, const std::string& regex);

}  // namespace diffbench::suite
