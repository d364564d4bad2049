#include "methods/backbones/uvit.h"

#include <ATen/ATen.h>
#include <torch/nn/init.h>
#include <torch/nn/modules/container/modulelist.h>

#include "methods/backbones/modules.h"

namespace diffbench::backbones {
namespace {

torch::nn::Linear make_linear(int64_t in, int64_t out, bool bias = true) {
  torch::nn::Linear linear(torch::nn::LinearOptions(in, out).bias(bias));
  at::NoGradGuard no_grad;
  torch::nn::init::normal_(linear->weight, 0.0, 0.02);  // upstream truncates at 100 standard deviations: the same
  if (bias) {
    torch::nn::init::zeros_(linear->bias);
  }
  return linear;
}

NormParts parts_of(const torch::nn::LayerNorm& norm) { return {norm->weight, norm->bias, norm->options.eps()}; }

torch::nn::LayerNorm make_norm(int64_t width) { return torch::nn::LayerNorm(torch::nn::LayerNormOptions({width})); }

}  // namespace

UViTBlock::UViTBlock(const UViTOptions& options, bool has_skip) : heads_(options.heads) {
  const int64_t width = options.width;
  const auto hidden = static_cast<int64_t>(static_cast<double>(width) * options.mlp_ratio);
  norm1_ = register_module("norm1", make_norm(width));
  qkv_ = register_nested(*this, "attn", "qkv", make_linear(width, 3 * width, options.qkv_bias));
  proj_ = register_nested(*this, "attn", "proj", make_linear(width, width));
  norm2_ = register_module("norm2", make_norm(width));
  fc1_ = register_nested(*this, "mlp", "fc1", make_linear(width, hidden));
  fc2_ = register_nested(*this, "mlp", "fc2", make_linear(hidden, width));
  if (has_skip) {
    skip_linear_ = register_module("skip_linear", make_linear(2 * width, width));
  }
}

at::Tensor UViTBlock::merge_skip(const at::Tensor& tokens, const at::Tensor& skip) {
  return linear(skip_linear_, at::cat({tokens, skip}, -1));
}

at::Tensor UViTBlock::normed(Branch branch, const at::Tensor& tokens) {
  return branch == Branch::attention ? norm1_(tokens) : norm2_(tokens);
}

at::Tensor UViTBlock::output(Branch branch, const at::Tensor& x) {
  if (branch == Branch::mlp) return linear(fc2_, at::gelu(linear(fc1_, x)));
  const int64_t rows = x.size(0);
  const int64_t count = x.size(1);
  const int64_t width = x.size(2);
  // [B, L, 3, H, D] -> three of [B, H, L, D]
  const auto qkv = linear(qkv_, x).reshape({rows, count, 3, heads_, width / heads_}).permute({2, 0, 3, 1, 4});
  const auto attended = at::scaled_dot_product_attention(qkv[0], qkv[1], qkv[2]);
  return linear(proj_, attended.transpose(1, 2).reshape({rows, count, width}));
}

at::Tensor UViTBlock::forward(const at::Tensor& tokens) {
  const auto x = tokens + output(Branch::attention, normed(Branch::attention, tokens));
  return x + output(Branch::mlp, normed(Branch::mlp, x));
}

BlockParts UViTBlock::parts() const {
  BlockParts parts{.heads = heads_,
                   .norm1 = parts_of(norm1_),
                   .qkv = parts_of(qkv_),
                   .proj = parts_of(proj_),
                   .norm2 = parts_of(norm2_),
                   .fc1 = parts_of(fc1_),
                   .fc2 = parts_of(fc2_)};
  if (skip_linear_) parts.skip_linear = parts_of(skip_linear_);
  return parts;
}

UViTHead::UViTHead(const UViTOptions& options) : options_(options) {
  norm = register_module("norm", make_norm(options.width));
  const int64_t patch_values = options.patch_size * options.patch_size * options.channels;
  decoder_pred = register_module("decoder_pred", make_linear(options.width, patch_values));
  if (options.final_conv) {
    final_layer = register_module(
        "final_layer", torch::nn::Conv2d(torch::nn::Conv2dOptions(options.channels, options.channels, 3).padding(1)));
  }
}

at::Tensor UViTHead::forward(const Hidden& hidden) {
  // norm and decoder_pred act per token: drop the extra ones first
  const auto patches = linear(decoder_pred, norm(hidden.tokens.slice(1, options_.extra_tokens())));
  const auto image = unpatchified(patches, options_.image_size / options_.patch_size, options_.channels);
  return options_.final_conv ? final_layer(image) : image;
}

UViT::UViT(const UViTOptions& options, TimeInput time_input)
    : options_(options), times_(std::move(time_input), options.width) {
  const int64_t width = options.width;
  patch_embed_ = register_nested(
      *this, "patch_embed", "proj",
      torch::nn::Conv2d(
          torch::nn::Conv2dOptions(options.channels, width, options.patch_size).stride(options.patch_size)));
  if (options.mlp_time_embed) {
    time_fc1_ = register_nested(*this, "time_embed", "0", make_linear(width, 4 * width));
    time_fc2_ = register_nested(*this, "time_embed", "2", make_linear(4 * width, width));
  }
  if (options.classes > 0) {
    label_emb_ = register_module("label_emb", torch::nn::Embedding(options.label_rows(), width));
  }
  if (options.context_tokens > 0) {
    context_embed_ = register_module("context_embed", make_linear(options.context_width, width));
  }
  pos_embed_ = register_parameter("pos_embed", at::randn({1, token_count(), width}) * 0.02);
  const auto add_blocks = [&](const std::string& name, bool has_skip) {
    torch::nn::ModuleList list;
    for (int64_t i = 0; i < options.depth / 2; ++i) {
      blocks_.push_back(std::make_shared<UViTBlock>(options, has_skip));
      list->push_back(blocks_.back());
    }
    register_module(name, list);
  };
  add_blocks("in_blocks", false);
  blocks_.push_back(register_module("mid_block", std::make_shared<UViTBlock>(options, false)));
  add_blocks("out_blocks", true);
  head_ = std::make_shared<UViTHead>(options);
  register_module("norm", head_->norm);  // under the authors' names, which know no head
  register_module("decoder_pred", head_->decoder_pred);
  if (options.final_conv) {
    register_module("final_layer", head_->final_layer);
  }
}

int64_t UViT::token_count() const {
  const int64_t side = options_.image_size / options_.patch_size;
  return options_.extra_tokens() + side * side;
}

at::Tensor UViT::blank_input(int64_t rows) const {
  return at::zeros({rows, options_.channels, options_.image_size, options_.image_size},
                   pos_embed_.options().requires_grad(false));
}

void UViT::prepare_times(const std::vector<double>& times) {
  times_.prepare(times, pos_embed_.options().requires_grad(false));
}

at::Tensor UViT::patches_of(const at::Tensor& x) {
  input_dtype_ = x.scalar_type();
  return patch_embed_(x.to(pos_embed_.scalar_type())).flatten(2).transpose(1, 2);
}

at::Tensor UViT::time_token(const std::vector<double>& t) {
  auto time = times_.rows(t, pos_embed_.options().requires_grad(false));
  if (options_.mlp_time_embed) {
    time = time_fc2_(at::silu(time_fc1_(time)));
  }
  return time.unsqueeze(1);
}

Hidden UViT::hidden_of(const std::vector<at::Tensor>& parts, const std::vector<double>& t) const {
  Hidden hidden;
  hidden.t = t;
  hidden.tokens = at::cat(parts, 1) + pos_embed_;
  return hidden;
}

Hidden UViT::embed(const at::Tensor& x, const std::vector<double>& t, const at::Tensor& labels) {
  if (takes_text()) {
    return embed_text(x, t, at::zeros({x.size(0), options_.context_tokens, options_.context_width}, x.options()));
  }
  const auto patches = patches_of(x);
  if (options_.classes == 0) {
    return hidden_of({time_token(t), patches}, t);
  }
  const auto known =
      labels.defined() ? labels : at::full({x.size(0)}, options_.label_rows() - 1, x.options().dtype(at::kLong));
  return hidden_of({label_emb_(known).unsqueeze(1), time_token(t), patches}, t);
}

Hidden UViT::embed_text(const at::Tensor& x, const std::vector<double>& t, const at::Tensor& context) {
  const auto text = linear(context_embed_, context.to(pos_embed_.scalar_type()));
  return hidden_of({time_token(t), text, patches_of(x)}, t);
}

void UViT::enter_block(int index, Hidden& hidden) {
  if (index > mid_index()) {
    hidden.tokens = blocks_[static_cast<size_t>(index)]->merge_skip(hidden.tokens, hidden.skips.back());
    hidden.skips.pop_back();
  }
}

void UViT::transform(int index, Hidden& hidden) {
  hidden.tokens = blocks_[static_cast<size_t>(index)]->forward(hidden.tokens);
}

at::Tensor UViT::branch_input(int index, Branch branch, const Hidden& hidden) {
  return blocks_[static_cast<size_t>(index)]->normed(branch, hidden.tokens);
}

at::Tensor UViT::branch_output(int index, Branch branch, const at::Tensor& input) {
  return blocks_[static_cast<size_t>(index)]->output(branch, input);
}

void UViT::add_branch(int, Branch, const at::Tensor& output, Hidden& hidden) { hidden.tokens = hidden.tokens + output; }

std::optional<BlockParts> UViT::block_parts(int index) const {
  auto parts = blocks_[static_cast<size_t>(index)]->parts();
  parts.tokens = token_count();
  parts.keeps_skip = index < mid_index();
  return parts;
}

void UViT::leave_block(int index, Hidden& hidden) {
  if (index < mid_index()) {
    hidden.skips.push_back(hidden.tokens);
  }
}

at::Tensor UViT::head(const Hidden& hidden) { return head_->forward(hidden).to(input_dtype_); }

std::shared_ptr<OutputHead> UViT::new_head() const {
  auto copy = std::make_shared<UViTHead>(options_);
  copy_parameters(*head_, *copy);
  return copy;
}

}  // namespace diffbench::backbones
