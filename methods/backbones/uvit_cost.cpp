// The U-ViT's cost, counted from its sizes (one multiply-add = two FLOPs).
#include "methods/backbones/uvit.h"

namespace diffbench::backbones {
namespace {

BlockCost operator+(const BlockCost& a, const BlockCost& b) {
  return {a.flops + b.flops, a.parameter_bytes + b.parameter_bytes, a.activation_bytes + b.activation_bytes};
}

}  // namespace

double UViT::element_bytes() const { return static_cast<double>(pos_embed_.element_size()); }

BlockCost UViT::linear_cost(int64_t tokens, int64_t in, int64_t out) const {
  const auto n = static_cast<double>(tokens);
  const auto k = static_cast<double>(in);
  const auto m = static_cast<double>(out);
  return {2.0 * n * k * m, (k + 1.0) * m * element_bytes(), n * (k + m) * element_bytes()};
}

BlockCost UViT::bypass_cost(int index) const {
  return index > mid_index() ? linear_cost(token_count(), 2 * options_.width, options_.width) : BlockCost{};
}

BlockCost UViT::cost(int index) const {
  const int64_t tokens = token_count();
  const int64_t width = options_.width;
  const auto hidden = static_cast<int64_t>(static_cast<double>(width) * options_.mlp_ratio);
  const auto n = static_cast<double>(tokens);
  const auto d = static_cast<double>(width);
  // scores and weighted values: two products of [L, D] with [D, L]; reads q, k, v and writes the result
  const BlockCost attention{4.0 * n * n * d, 0.0, 4.0 * n * d * element_bytes()};
  return linear_cost(tokens, width, 3 * width) + attention + linear_cost(tokens, width, width) +
         linear_cost(tokens, width, hidden) + linear_cost(tokens, hidden, width) + bypass_cost(index);
}

BlockCost UViT::embed_cost() const {
  const int64_t patch_values = options_.patch_size * options_.patch_size * options_.channels;
  BlockCost total = linear_cost(token_count() - extra_tokens(), patch_values, options_.width);
  if (options_.mlp_time_embed) {
    total =
        total + linear_cost(1, options_.width, 4 * options_.width) + linear_cost(1, 4 * options_.width, options_.width);
  }
  return total;
}

BlockCost UViT::head_cost() const {
  const int64_t patch_values = options_.patch_size * options_.patch_size * options_.channels;
  BlockCost total = linear_cost(token_count() - extra_tokens(), options_.width, patch_values);
  if (options_.final_conv) {
    total = total + linear_cost(options_.image_size * options_.image_size, 9 * options_.channels, options_.channels);
  }
  return total;
}

}  // namespace diffbench::backbones
