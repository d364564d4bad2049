#pragma once
// The arguments every version of exit_gate refuses, in one place.
//
//   check_exit_gate(args);  // throws std::invalid_argument with one line

#include <stdexcept>
#include <string>

#include "kernels/exit_gate/exit_gate.h"

namespace diffbench::kernels {

inline void require_exit_gate(bool condition, const char* what) {
  if (!condition) {
    throw std::invalid_argument(std::string("exit_gate: ") + what);
  }
}

template <typename T>
void check_exit_gate(const ExitGateArgs<T>& args) {
  const auto require = require_exit_gate;
  require(args.rows >= 0, "rows must not be negative");
  require(args.token_count >= 1, "needs at least one token");
  require(args.token_elements >= 1, "needs at least one element per token");
  require(args.row_stride >= args.token_count * args.token_elements,
          "row_stride must be at least token_count * token_elements");
  require(args.weight != nullptr, "the weight is missing");
  require(args.rows == 0 || args.tokens != nullptr, "the tokens are missing");
  require(args.rows == 0 || args.uncertainty != nullptr, "the output is missing");
}

}  // namespace diffbench::kernels
