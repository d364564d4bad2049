#pragma once
// DiT (Peebles and Xie, ICCV 2023, arXiv 2212.09748): a vision transformer on noisy patches or latents whose blocks are
// scaled, shifted and gated by time and label (adaLN-Zero). Parameter names are the authors', so published checkpoints
// load.
//
//   DiTOptions options{.image_size = 32, .channels = 4, .patch_size = 2, .width = 384, .depth = 12, .heads = 6};
//   auto network = std::make_shared<DiT>(options, TimeInput{});
//   network->to(at::kBFloat16);
//
// Tokens: patches row by row, nothing else. There are no long skips, so a dropped block leaves nothing behind, and one
// head serves after every block. The position table is a buffer, fixed to sines and cosines; a weights file may bring
// its own.

#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/linear.h>

#include "methods/backbones/backbone_options.h"
#include "methods/backbones/output_head.h"
#include "methods/backbones/time_table.h"

namespace diffbench::backbones {

class DiTBlock : public torch::nn::Module {
 public:
  explicit DiTBlock(const DiTOptions& options);
  // tokens [B,L,D]; condition [B,D], after its SiLU
  at::Tensor forward(const at::Tensor& tokens, const at::Tensor& condition);
  // forward in pieces: tokens = gated(branch, tokens, output(branch, normed(branch, tokens)))
  at::Tensor normed(Branch branch, const at::Tensor& tokens, const at::Tensor& condition) const;
  at::Tensor output(Branch branch, const at::Tensor& x);
  at::Tensor gated(Branch branch, const at::Tensor& tokens, const at::Tensor& output,
                   const at::Tensor& condition) const;
  BlockParts parts() const;

 private:
  // of the branch's shift, scale and gate the `count` from `first` on, [B, 1, D] each
  std::vector<at::Tensor> modulation(Branch branch, int64_t first, int64_t count, const at::Tensor& condition) const;

  int64_t heads_;
  torch::nn::Linear qkv_{nullptr};
  torch::nn::Linear proj_{nullptr};
  torch::nn::Linear fc1_{nullptr};
  torch::nn::Linear fc2_{nullptr};
  torch::nn::Linear modulation_{nullptr};
};

// scales and shifts the normalised tokens by the condition, then a linear layer, unpatchified
class DiTHead : public OutputHead {
 public:
  explicit DiTHead(const DiTOptions& options);
  at::Tensor forward(const Hidden& hidden) override;

 private:
  DiTOptions options_;
  torch::nn::Linear linear_{nullptr};
  torch::nn::Linear modulation_{nullptr};
};

class DiT : public torch::nn::Module, public Backbone {
 public:
  DiT(const DiTOptions& options, TimeInput time_input);

  int block_count() const override { return static_cast<int>(blocks_.size()); }
  at::Tensor blank_input(int64_t rows) const override;
  void prepare_times(const std::vector<double>& times) override;
  // Hidden::condition is silu(time + label): every block and the head begin with that SiLU, so it is taken once
  Hidden embed(const at::Tensor& x, const std::vector<double>& t, const at::Tensor& labels) override;
  void transform(int index, Hidden& hidden) override;
  bool has_branches() const override { return true; }
  at::Tensor branch_input(int index, Branch branch, const Hidden& hidden) override;
  at::Tensor branch_output(int index, Branch branch, const at::Tensor& input) override;
  void add_branch(int index, Branch branch, const at::Tensor& output, Hidden& hidden) override;
  std::optional<BlockParts> block_parts(int index) const override;
  at::Tensor head(const Hidden& hidden) override { return head_->forward(hidden).to(input_dtype_); }
  int64_t token_width() const override { return options_.width; }
  int64_t image_token_count() const override { return options_.token_count(); }
  std::shared_ptr<OutputHead> new_head() const override;

  BlockCost cost(int index) const override;
  BlockCost branch_cost(int index, Branch branch, int64_t tokens) const override;
  BlockCost frame_cost(int index) const override;  // both gates
  BlockCost embed_cost() const override;
  BlockCost head_cost() const override;

 private:
  double element_bytes() const { return static_cast<double>(pos_embed_.element_size()); }

  DiTOptions options_;
  TimeTable times_;
  at::ScalarType input_dtype_ = at::kFloat;  // of the last `embed`; `head` returns it
  torch::nn::Conv2d patch_embed_{nullptr};
  torch::nn::Linear time_fc1_{nullptr};
  torch::nn::Linear time_fc2_{nullptr};
  torch::nn::Embedding labels_{nullptr};
  at::Tensor pos_embed_;
  std::vector<std::shared_ptr<DiTBlock>> blocks_;
  std::shared_ptr<OutputHead> head_;
};

// sinusoids that the network reads its time from, before t_embedder's MLP
inline constexpr int64_t kDiTTimeWidth = 256;

// [1, side * side, width] float32: the first half of the columns encodes a patch's x, the second its y, each by sines,
// then cosines, of position * 10000^(-i / (width / 4))
at::Tensor sincos_position_table(int64_t side, int64_t width);

// the cost from sizes alone (dit_cost.cpp), also where the network itself would not fit
BlockCost dit_block_cost(const DiTOptions& options, double element_bytes);
BlockCost dit_embed_cost(const DiTOptions& options, double element_bytes);
BlockCost dit_head_cost(const DiTOptions& options, double element_bytes);

}  // namespace diffbench::backbones
