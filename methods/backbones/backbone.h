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
// Times are in the index units of the model's noise schedule (FORMATS: 0 .. train_steps - 1, fractions allowed; on
// vp_continuous, t in (0, 1]) and live on the host: static decisions need them there, and no step waits for a device.
// Not thread-safe; one backbone per thread of execution.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace diffbench::backbones {

// what travels from block to block, for the rows that are still inside
struct Hidden {
  at::Tensor tokens;              // [rows, L, D]
  std::vector<at::Tensor> skips;  // pending long skips, each [rows, L, D], last in first out
  std::vector<double> t;          // [rows]
  at::Tensor condition;           // [rows, D] or undefined: what every block of a conditioned network reads

  // the given rows (int64 index tensor on the tokens' device, and the same on the host), pending skips included
  Hidden select(const at::Tensor& rows, const std::vector<int64_t>& host_rows) const;
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
  // x [B,C,H,W]; t [B] host; labels [B] int64 or undefined (then the null label, where the network has labels)
  virtual Hidden embed(const at::Tensor& x, const std::vector<double>& t, const at::Tensor& labels) = 0;
  virtual void run_block(int index, Hidden& hidden) = 0;
  // What remains of a block that a static schedule drops. The U-ViT keeps the `skip_linear` of decoder blocks
  // (ASE, arXiv 2408.05927); other networks keep nothing.
  virtual void bypass_block(int index, Hidden& hidden);
  // the fewest blocks after which the rest may be bypassed
  virtual int min_bypass_depth() const { return 1; }
  // eps [rows,C,H,W], or eps and v [rows,2C,H,W] with learned sigma, in the dtype that `embed` was given
  virtual at::Tensor head(const Hidden& hidden) = 0;

  virtual BlockCost cost(int index) const = 0;
  virtual BlockCost bypass_cost(int index) const;
  virtual BlockCost embed_cost() const = 0;
  virtual BlockCost head_cost() const = 0;
};

// FLOPs of one evaluation of one sample that runs every block
double full_flops(const Backbone& backbone);

}  // namespace diffbench::backbones
