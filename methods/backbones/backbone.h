#pragma once
// A noise-prediction network that runs block by block, so that a method can stop, skip or reuse blocks for real.
//
//   Hidden hidden = backbone.embed(x, t, labels);           // x [B,C,H,W], t per row, labels [B]
//   for (int i = 0; i < backbone.block_count(); ++i) backbone.run_block(i, hidden);
//   at::Tensor eps = backbone.head(hidden);                 // [B,C,H,W]; usable after any block
//
// A network with learned sigma (Network::learned_sigma) gives [B,2C,H,W]: eps, then v, the place of the log variance
// between its bounds (solvers/plan.h). What only moves rows passes both on; whoever computes with eps takes the
// first C channels.
//
// A block is `enter` (take a long skip), `transform` (attention and MLP) and `leave` (keep a long skip for later): what
// a method drops or reuses is `transform`, the rest holds the network together. A transform is two branches, attention
// and MLP, each added to the tokens: a method may take them one by one (branch_input, branch_output, add_branch).
// Blocks between which nobody looks are asked for together, `run_blocks(0, 13, hidden)`, so that a runtime
// (runtimes/runtime.h) can make one piece of them.
//
// Times are in the units of docs/times_and_grids.md (index units 0 .. train_steps - 1, fractions allowed; on
// vp_continuous, t in (0, 1]) and live on the host: static decisions need them there, and no step waits for a device.
// Not thread-safe; one backbone per thread of execution.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "methods/backbones/block_parts.h"
#include "profiling/scope.h"

namespace diffbench::backbones {

class OutputHead;

// what travels from block to block, for the rows that are still inside
struct Hidden {
  at::Tensor tokens;              // [rows, L, D]
  std::vector<at::Tensor> skips;  // pending long skips, each [rows, L, D], last in first out
  std::vector<double> t;          // [rows]
  at::Tensor condition;           // [rows, D] or undefined: what every block of a conditioned network reads

  // the given rows; `skips_too`: with their pending long skips, which only further blocks need
  Hidden select(const std::vector<int64_t>& rows, bool skips_too) const;
};

// counted analytically, per sample; one multiply-add is two FLOPs; normalisations and activations are not counted
struct BlockCost {
  double flops = 0.0;
  double parameter_bytes = 0.0;   // read once per batch
  double activation_bytes = 0.0;  // read and written once per sample, operator by operator, in the compute type
};

class Backbone {
 public:
  virtual ~Backbone() = default;

  virtual int block_count() const = 0;
  // zeros as `embed` takes them, on the network's device
  virtual at::Tensor blank_input(int64_t rows) const = 0;
  // x [B,C,H,W]; t [B] host; labels [B] int64 or undefined (then the null label, or the last class
  // of a network without one; nothing where it has no labels)
  virtual Hidden embed(const at::Tensor& x, const std::vector<double>& t, const at::Tensor& labels) = 0;
  // A network of text-to-image: `context` [B, tokens, width], an encoder's features, in place of labels. `embed` then
  // runs on zeros, for measuring; whoever cannot bring a batch's text here refuses such networks.
  virtual bool takes_text() const { return false; }
  virtual Hidden embed_text(const at::Tensor& x, const std::vector<double>& t, const at::Tensor& context);
  // model times to come: what depends on a time alone is made now, on the device, so that `embed` copies nothing from
  // the host for rows at one of them. Equal results with and without. May be called again; times add up.
  virtual void prepare_times(const std::vector<double>&) {}
  virtual void enter_block(int, Hidden&) {}
  virtual void transform(int index, Hidden& hidden) = 0;
  virtual void leave_block(int, Hidden&) {}
  // Blocks first .. end - 1, here one by one. rows_inside: of the hidden's rows those whose result is wanted, for
  // profiles; default: all of them
  virtual void run_blocks(int first, int end, Hidden& hidden, int64_t rows_inside = profiling::kNone);
  void run_block(int index, Hidden& hidden) { run_blocks(index, index + 1, hidden); }
  // the stretches that run_blocks will be asked for, and how many rows most calls will have (0: unknown), so that what
  // they need is made before anything is timed; others may come
  virtual void prepare_stretches(const std::vector<Stretch>&, int64_t) {}
  // What remains of a block whose `transform` is dropped. The U-ViT keeps the `skip_linear` of decoder blocks
  // (ASE, arXiv 2408.05927); other networks keep nothing.
  void bypass_block(int index, Hidden& hidden) {
    const int64_t rows = hidden.tokens.size(0);
    const profiling::Scope scope(profiling::Phase::kBlock, "bypassed block",
                                 {.block = index, .rows = rows, .rows_inside = rows});
    enter_block(index, hidden);
    leave_block(index, hidden);
  }
  // The branches of `transform`: for each, tokens += gate * output(input(tokens)); false: this network has none, and
  // the calls below are not to be made.
  virtual bool has_branches() const { return false; }
  virtual at::Tensor branch_input(int index, Branch branch, const Hidden& hidden);  // normed and modulated [rows,L,D]
  virtual at::Tensor branch_output(int index, Branch branch, const at::Tensor& input);  // of [rows, any number, D]
  virtual void add_branch(int index, Branch branch, const at::Tensor& output, Hidden& hidden);
  // what the block is made of, for those who compute it in another way; none: only this class knows
  virtual std::optional<BlockParts> block_parts(int) const { return std::nullopt; }
  // the fewest blocks after which the rest may be bypassed
  virtual int min_bypass_depth() const { return 1; }
  // numbers per token; 0: this network has no tokens to look at
  virtual int64_t token_width() const { return 0; }
  // tokens before this one stand for time and label, from it on for patches, row by row
  virtual int64_t first_image_token() const { return 0; }
  virtual int64_t image_token_count() const { return 0; }
  // a head like the network's own, with its weights; null where there is nothing to learn
  virtual std::shared_ptr<OutputHead> new_head() const { return nullptr; }
  // eps [rows,C,H,W], or eps and v [rows,2C,H,W] with learned sigma, in the dtype that `embed` was given
  virtual at::Tensor head(const Hidden& hidden) = 0;

  virtual BlockCost cost(int index) const = 0;
  virtual BlockCost bypass_cost(int index) const;
  // of a branch over so many tokens, and of what remains of a block whose branches others compute
  virtual BlockCost branch_cost(int index, Branch branch, int64_t tokens) const;
  virtual BlockCost frame_cost(int index) const { return bypass_cost(index); }
  virtual BlockCost embed_cost() const = 0;
  virtual BlockCost head_cost() const = 0;
};

// InputError: whoever runs the network has labels alone
[[noreturn]] void refuse_text();

// the head, named in profiles; a batch is embedded by sampling/embed_batch.h
inline at::Tensor head_in_scope(Backbone& backbone, const Hidden& hidden) {
  const profiling::Scope scope(profiling::Phase::kHead, "head", {.rows = hidden.tokens.size(0)});
  return backbone.head(hidden);
}

// FLOPs of one evaluation of one sample that runs every block
double full_flops(const Backbone& backbone);

}  // namespace diffbench::backbones
