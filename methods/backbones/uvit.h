#pragma once
// U-ViT (Bao et al., CVPR 2023, arXiv 2209.12152): a vision transformer on noisy patches whose second half receives
// long skips from the first. Parameter names are the authors', so published checkpoints load.
//
//   UViTOptions options{.image_size = 28, .channels = 1, .patch_size = 4, .width = 128, .depth = 12, .heads = 2};
//   auto network = std::make_shared<UViT>(options, TimeInput{});
//   network->to(at::kBFloat16);
//
// Blocks in order: depth/2 "in" blocks (each pushes a skip), the mid block, depth/2 "out" blocks (each pops one).
// Tokens: [label,] time, [text,] patches row by row.

#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include "methods/backbones/backbone_options.h"
#include "methods/backbones/output_head.h"
#include "methods/backbones/time_table.h"

namespace diffbench::backbones {

class UViTBlock : public torch::nn::Module {
 public:
  UViTBlock(const UViTOptions& options, bool has_skip);
  at::Tensor forward(const at::Tensor& tokens);
  at::Tensor normed(Branch branch, const at::Tensor& tokens);
  at::Tensor output(Branch branch, const at::Tensor& x);                    // of normed tokens, not yet added
  at::Tensor merge_skip(const at::Tensor& tokens, const at::Tensor& skip);  // skip_linear([tokens, skip])
  BlockParts parts() const;

 private:
  int64_t heads_;
  torch::nn::Linear skip_linear_{nullptr};
  torch::nn::LayerNorm norm1_{nullptr};
  torch::nn::LayerNorm norm2_{nullptr};
  torch::nn::Linear qkv_{nullptr};
  torch::nn::Linear proj_{nullptr};
  torch::nn::Linear fc1_{nullptr};
  torch::nn::Linear fc2_{nullptr};
};

// LayerNorm and linear layer on the patches' tokens, unpatchified, then a 3x3 convolution
class UViTHead : public OutputHead {
 public:
  explicit UViTHead(const UViTOptions& options);
  at::Tensor forward(const Hidden& hidden) override;

  torch::nn::LayerNorm norm{nullptr};
  torch::nn::Linear decoder_pred{nullptr};
  torch::nn::Conv2d final_layer{nullptr};

 private:
  UViTOptions options_;
};

class UViT : public torch::nn::Module, public Backbone {
 public:
  UViT(const UViTOptions& options, TimeInput time_input);

  int block_count() const override { return static_cast<int>(blocks_.size()); }
  at::Tensor blank_input(int64_t rows) const override;
  void prepare_times(const std::vector<double>& times) override;
  Hidden embed(const at::Tensor& x, const std::vector<double>& t, const at::Tensor& labels) override;
  bool takes_text() const override { return options_.context_tokens > 0; }
  Hidden embed_text(const at::Tensor& x, const std::vector<double>& t, const at::Tensor& context) override;
  void enter_block(int index, Hidden& hidden) override;
  void transform(int index, Hidden& hidden) override;
  void leave_block(int index, Hidden& hidden) override;
  bool has_branches() const override { return true; }
  at::Tensor branch_input(int index, Branch branch, const Hidden& hidden) override;
  at::Tensor branch_output(int index, Branch branch, const at::Tensor& input) override;
  void add_branch(int index, Branch branch, const at::Tensor& output, Hidden& hidden) override;
  std::optional<BlockParts> block_parts(int index) const override;
  int min_bypass_depth() const override { return mid_index() + 1; }
  int64_t token_width() const override { return options_.width; }
  int64_t first_image_token() const override { return options_.extra_tokens(); }
  int64_t image_token_count() const override { return token_count() - options_.extra_tokens(); }
  std::shared_ptr<OutputHead> new_head() const override;
  at::Tensor head(const Hidden& hidden) override;

  BlockCost cost(int index) const override;
  BlockCost bypass_cost(int index) const override;
  BlockCost branch_cost(int index, Branch branch, int64_t tokens) const override;
  BlockCost embed_cost() const override;
  BlockCost head_cost() const override;

 private:
  int mid_index() const { return static_cast<int>(options_.depth / 2); }
  int64_t token_count() const;
  at::Tensor patches_of(const at::Tensor& x);
  at::Tensor time_token(const std::vector<double>& t);
  Hidden hidden_of(const std::vector<at::Tensor>& parts, const std::vector<double>& t) const;
  double element_bytes() const;
  BlockCost linear_cost(int64_t tokens, int64_t in, int64_t out) const;

  UViTOptions options_;
  TimeTable times_;
  at::ScalarType input_dtype_ = at::kFloat;  // of the last `embed`; `head` returns it
  torch::nn::Conv2d patch_embed_{nullptr};
  torch::nn::Linear time_fc1_{nullptr};
  torch::nn::Linear time_fc2_{nullptr};
  torch::nn::Embedding label_emb_{nullptr};
  torch::nn::Linear context_embed_{nullptr};
  at::Tensor pos_embed_;
  std::vector<std::shared_ptr<UViTBlock>> blocks_;
  std::shared_ptr<UViTHead> head_;
};

}  // namespace diffbench::backbones
