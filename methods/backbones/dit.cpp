#include "methods/backbones/dit.h"

#include <ATen/ATen.h>
#include <torch/nn/init.h>
#include <torch/nn/modules/container/modulelist.h>

#include <cmath>

#include "methods/backbones/modules.h"

namespace diffbench::backbones {
namespace {

// as upstream starts: Xavier for what mixes tokens, zeros for every modulation and the output, so that a new network
// begins with blocks that pass tokens on unchanged
enum class Init { xavier, small, zero };

torch::nn::Linear make_linear(int64_t in, int64_t out, Init init = Init::xavier) {
  torch::nn::Linear linear(in, out);
  const at::NoGradGuard no_grad;
  torch::nn::init::zeros_(linear->bias);
  if (init == Init::xavier) {
    torch::nn::init::xavier_uniform_(linear->weight);
  } else if (init == Init::small) {
    torch::nn::init::normal_(linear->weight, 0.0, 0.02);
  } else {
    torch::nn::init::zeros_(linear->weight);
  }
  return linear;
}

constexpr double kNormEpsilon = 1e-6;

at::Tensor normalised(const at::Tensor& tokens) {
  return at::layer_norm(tokens, {tokens.size(2)}, {}, {}, kNormEpsilon);  // DiT's norms learn nothing: adaLN does
}

// norm(tokens) * (1 + scale) + shift in one pass
at::Tensor modulated(const at::Tensor& tokens, const at::Tensor& shift, const at::Tensor& scale) {
  return at::addcmul(shift, normalised(tokens), scale + 1.0);
}

// [B, parts * D] -> parts tensors [B, 1, D]
std::vector<at::Tensor> chunks_of(const at::Tensor& modulation, int64_t parts) {
  return modulation.unsqueeze(1).chunk(parts, -1);
}

}  // namespace

DiTBlock::DiTBlock(const DiTOptions& options) : heads_(options.heads) {
  const int64_t width = options.width;
  qkv_ = register_nested(*this, "attn", "qkv", make_linear(width, 3 * width));
  proj_ = register_nested(*this, "attn", "proj", make_linear(width, width));
  fc1_ = register_nested(*this, "mlp", "fc1", make_linear(width, options.mlp_width()));
  fc2_ = register_nested(*this, "mlp", "fc2", make_linear(options.mlp_width(), width));
  modulation_ = register_nested(*this, "adaLN_modulation", "1", make_linear(width, 6 * width, Init::zero));
}

at::Tensor DiTBlock::output(Branch branch, const at::Tensor& x) {
  if (branch == Branch::mlp) return linear(fc2_, at::gelu(linear(fc1_, x), "tanh"));
  const int64_t rows = x.size(0);
  const int64_t count = x.size(1);
  const int64_t width = x.size(2);
  // [B, L, 3, H, D] -> three of [B, H, L, D]
  const auto qkv = linear(qkv_, x).reshape({rows, count, 3, heads_, width / heads_}).permute({2, 0, 3, 1, 4});
  const auto attended = at::scaled_dot_product_attention(qkv[0], qkv[1], qkv[2]);
  return linear(proj_, attended.transpose(1, 2).reshape({rows, count, width}));
}

at::Tensor DiTBlock::forward(const at::Tensor& tokens, const at::Tensor& condition) {
  // shift, scale and gate of attention, then of the MLP
  const auto parts = chunks_of(linear(modulation_, condition), 6);
  const auto x = at::addcmul(tokens, parts[2], output(Branch::attention, modulated(tokens, parts[0], parts[1])));
  return at::addcmul(x, parts[5], output(Branch::mlp, modulated(x, parts[3], parts[4])));
}

std::vector<at::Tensor> DiTBlock::modulation(Branch branch, int64_t first, int64_t count,
                                             const at::Tensor& condition) const {
  const int64_t width = condition.size(1);
  const int64_t row = ((branch == Branch::mlp ? 3 : 0) + first) * width;
  return chunks_of(at::linear(condition, modulation_->weight.narrow(0, row, count * width),
                              modulation_->bias.narrow(0, row, count * width)),
                   count);
}

at::Tensor DiTBlock::normed(Branch branch, const at::Tensor& tokens, const at::Tensor& condition) const {
  const auto parts = modulation(branch, 0, 2, condition);
  return modulated(tokens, parts[0], parts[1]);
}

at::Tensor DiTBlock::gated(Branch branch, const at::Tensor& tokens, const at::Tensor& output,
                           const at::Tensor& condition) const {
  return at::addcmul(tokens, modulation(branch, 2, 1, condition).front(), output);
}

BlockParts DiTBlock::parts() const {
  return {.heads = heads_,
          .norm1 = {.weight = {}, .bias = {}, .epsilon = kNormEpsilon},
          .qkv = parts_of(qkv_),
          .proj = parts_of(proj_),
          .norm2 = {.weight = {}, .bias = {}, .epsilon = kNormEpsilon},
          .fc1 = parts_of(fc1_),
          .fc2 = parts_of(fc2_),
          .modulation = parts_of(modulation_),
          .tanh_gelu = true};
}

DiTHead::DiTHead(const DiTOptions& options) : options_(options) {
  const int64_t patch_values = options.patch_size * options.patch_size * options.out_channels();
  linear_ = register_module("linear", make_linear(options.width, patch_values, Init::zero));
  modulation_ =
      register_nested(*this, "adaLN_modulation", "1", make_linear(options.width, 2 * options.width, Init::zero));
}

at::Tensor DiTHead::forward(const Hidden& hidden) {
  const auto parts = chunks_of(linear(modulation_, hidden.condition), 2);
  const auto patches = linear(linear_, modulated(hidden.tokens, parts[0], parts[1]));
  return unpatchified(patches, options_.side(), options_.out_channels());
}

DiT::DiT(const DiTOptions& options, TimeInput time_input)
    : options_(options), times_(std::move(time_input), kDiTTimeWidth) {
  const int64_t width = options.width;
  patch_embed_ = register_nested(
      *this, "x_embedder", "proj",
      torch::nn::Conv2d(
          torch::nn::Conv2dOptions(options.channels, width, options.patch_size).stride(options.patch_size)));
  const at::NoGradGuard no_grad;
  auto flat = patch_embed_->weight.flatten(1);  // a view: upstream starts the convolution as the linear map that it is
  torch::nn::init::xavier_uniform_(flat);
  torch::nn::init::zeros_(patch_embed_->bias);
  time_fc1_ = register_nested(*this, "t_embedder.mlp", "0", make_linear(kDiTTimeWidth, width, Init::small));
  time_fc2_ = register_nested(*this, "t_embedder.mlp", "2", make_linear(width, width, Init::small));
  if (options.classes > 0) {
    labels_ = register_nested(*this, "y_embedder", "embedding_table", torch::nn::Embedding(options.classes + 1, width));
    torch::nn::init::normal_(labels_->weight, 0.0, 0.02);
  }
  pos_embed_ = register_buffer("pos_embed", sincos_position_table(options.side(), width));
  torch::nn::ModuleList list;
  for (int64_t i = 0; i < options.depth; ++i) {
    blocks_.push_back(std::make_shared<DiTBlock>(options));
    list->push_back(blocks_.back());
  }
  register_module("blocks", list);
  head_ = register_module("final_layer", std::make_shared<DiTHead>(options));
}

at::Tensor DiT::blank_input(int64_t rows) const {
  return at::zeros({rows, options_.channels, options_.image_size, options_.image_size},
                   pos_embed_.options().requires_grad(false));
}

void DiT::prepare_times(const std::vector<double>& times) {
  times_.prepare(times, pos_embed_.options().requires_grad(false));
}

Hidden DiT::embed(const at::Tensor& x, const std::vector<double>& t, const at::Tensor& labels) {
  input_dtype_ = x.scalar_type();
  Hidden hidden;
  hidden.t = t;
  hidden.tokens = patch_embed_(x.to(pos_embed_.scalar_type())).flatten(2).transpose(1, 2).contiguous() + pos_embed_;
  auto condition = linear(time_fc1_, times_.rows(t, pos_embed_.options()));
  condition = linear(time_fc2_, at::silu(condition));
  if (options_.classes > 0) {
    const auto known =
        labels.defined() ? labels : at::full({x.size(0)}, options_.classes, x.options().dtype(at::kLong));
    condition = condition + labels_(known);
  }
  hidden.condition = at::silu(condition);
  return hidden;
}

void DiT::transform(int index, Hidden& hidden) {
  hidden.tokens = blocks_[static_cast<size_t>(index)]->forward(hidden.tokens, hidden.condition);
}

at::Tensor DiT::branch_input(int index, Branch branch, const Hidden& hidden) {
  return blocks_[static_cast<size_t>(index)]->normed(branch, hidden.tokens, hidden.condition);
}

at::Tensor DiT::branch_output(int index, Branch branch, const at::Tensor& input) {
  return blocks_[static_cast<size_t>(index)]->output(branch, input);
}

void DiT::add_branch(int index, Branch branch, const at::Tensor& output, Hidden& hidden) {
  hidden.tokens = blocks_[static_cast<size_t>(index)]->gated(branch, hidden.tokens, output, hidden.condition);
}

std::optional<BlockParts> DiT::block_parts(int index) const {
  auto parts = blocks_[static_cast<size_t>(index)]->parts();
  parts.tokens = options_.token_count();
  return parts;
}

std::shared_ptr<OutputHead> DiT::new_head() const {
  auto copy = std::make_shared<DiTHead>(options_);
  copy_parameters(*head_, *copy);
  return copy;
}

at::Tensor sincos_position_table(int64_t side, int64_t width) {
  const auto made = at::TensorOptions(at::kDouble);
  const int64_t quarter = width / 4;
  const auto frequencies = at::pow(10000.0, at::arange(quarter, made) * (-1.0 / static_cast<double>(quarter)));
  const auto angles = at::arange(side, made).unsqueeze(1) * frequencies.unsqueeze(0);
  const auto axis = at::cat({at::sin(angles), at::cos(angles)}, 1);  // [side, D / 2]
  const auto x = axis.unsqueeze(0).expand({side, side, width / 2});
  const auto y = axis.unsqueeze(1).expand({side, side, width / 2});
  return at::cat({x, y}, 2).reshape({1, side * side, width}).to(at::kFloat);
}

}  // namespace diffbench::backbones
