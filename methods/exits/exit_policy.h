#pragma once
// Decides, row by row and after each block, who leaves the network.
//
//   class AfterThree : public ExitPolicy {
//     RowMask decide(int block, const Hidden& hidden) override {
//       return block + 1 >= 3 ? RowMask::all() : RowMask::none();
//     }
//   };
//
// exits/early_exit_denoiser.h carries the decision out.

#include <cstdint>
#include <vector>

#include "methods/backbones/backbone.h"

namespace diffbench::exits {

// the rows of a Hidden that leave: nobody, everybody, or those whose entry is set
struct RowMask {
  enum class Kind { none, all, some };
  Kind kind = Kind::none;
  std::vector<bool> leaves;  // [rows] where kind is `some`

  static RowMask none() { return {}; }
  static RowMask all() { return {Kind::all, {}}; }
  // collapses to none or all where every entry agrees
  static RowMask from(std::vector<bool> leaves);
};

class ExitPolicy {
 public:
  virtual ~ExitPolicy() = default;
  // asked after block `block` (from 0) has run over the rows in `hidden`; not asked after the last block
  virtual RowMask decide(int block, const backbones::Hidden& hidden) = 0;
  // true: rows that leave still pass through the remains of the blocks they drop (Backbone::bypass_block)
  virtual bool bypasses_dropped_blocks() const { return false; }
  // FLOPs per row that `decide` spends after this block
  virtual double probe_flops(int) const { return 0.0; }
};

}  // namespace diffbench::exits
