#pragma once
// Decides, row by row and after each block, who leaves the network.
//
//   class Calm : public ExitPolicy {
//     RowMask decide(int block, const Hidden& hidden, const Rows&) override {
//       return hidden.tokens.abs().max().item<double>() < 3 ? RowMask::all() : RowMask::none();
//     }
//   };
//
// exits/early_exit_denoiser.h carries the decision out.

#include <cstdint>
#include <optional>
#include <vector>

#include "methods/backbones/backbone.h"
#include "methods/sampling/batch.h"

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

// rows[i] is the place in the evaluation's batch of row i of a Hidden
using Rows = std::vector<int64_t>;

class ExitPolicy {
 public:
  virtual ~ExitPolicy() = default;
  // as Denoiser's: what is kept of these samples is to be forgotten
  virtual void begin(const std::vector<int64_t>&) {}
  virtual void end(const std::vector<int64_t>&) {}
  // the model times to come, so that what they cost is paid before the first evaluation
  virtual void prepare_times(const std::vector<double>&) {}
  // an evaluation of these rows starts; row i of the batch is place i of Rows
  virtual void begin_evaluation(const Batch&) {}
  // Asked after block `block` (from 0) has run over the rows in `hidden`; not asked after the last block. Among them
  // may be rows that left before and are carried along because moving the others did not pay: answers for them are
  // ignored.
  virtual RowMask decide(int, const backbones::Hidden&, const Rows&) { return RowMask::none(); }
  // these rows have left after `block`, the last included: under joint guidance that may be later than `decide` said
  virtual void left(int, const Rows&) {}
  // How many blocks run at time t, where that is known without looking: no row is then asked about (`decide`), and the
  // blocks between two exits run as one stretch. For all times or for none.
  virtual std::optional<int> planned_blocks(double) const { return std::nullopt; }
  // whether anybody can leave after this block at all
  virtual bool asks_after(int) const { return true; }
  // true: rows that leave still pass through the remains of the blocks they drop (Backbone::bypass_block)
  virtual bool bypasses_dropped_blocks() const { return false; }
  // FLOPs per row that `decide` spends after this block
  virtual double probe_flops(int) const { return 0.0; }
  // eps of rows that leave after `block`, not the last: with the network's own head, unless the exits have theirs
  virtual at::Tensor head(backbones::Backbone& backbone, int block, const backbones::Hidden& leavers);
};

}  // namespace diffbench::exits
