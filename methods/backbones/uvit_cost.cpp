// The U-ViT's cost, counted from its sizes (one multiply-add = two FLOPs).
#include "methods/backbones/cost.h"
#include "methods/backbones/uvit.h"

namespace diffbench::backbones {

double UViT::element_bytes() const { return static_cast<double>(pos_embed_.element_size()); }

BlockCost UViT::linear_cost(int64_t tokens, int64_t in, int64_t out) const {
  return backbones::linear_cost(tokens, in, out, element_bytes());
}

BlockCost UViT::bypass_cost(int index) const {
  return index > mid_index() ? linear_cost(token_count(), 2 * options_.width, options_.width) : BlockCost{};
}

BlockCost UViT::branch_cost(int, Branch branch, int64_t tokens) const {
  const int64_t width = options_.width;
  if (branch == Branch::attention) {
    return linear_cost(tokens, width, 3 * width) + attention_cost(tokens, width, element_bytes()) +
           linear_cost(tokens, width, width);
  }
  const auto hidden = static_cast<int64_t>(static_cast<double>(width) * options_.mlp_ratio);
  return linear_cost(tokens, width, hidden) + linear_cost(tokens, hidden, width);
}

BlockCost UViT::cost(int index) const {
  return branch_cost(index, Branch::attention, token_count()) + branch_cost(index, Branch::mlp, token_count()) +
         bypass_cost(index);
}

BlockCost UViT::embed_cost() const {
  const int64_t patch_values = options_.patch_size * options_.patch_size * options_.channels;
  BlockCost total = linear_cost(token_count() - options_.extra_tokens(), patch_values, options_.width);
  total = total + linear_cost(options_.context_tokens, options_.context_width, options_.width);
  if (options_.mlp_time_embed) {
    total =
        total + linear_cost(1, options_.width, 4 * options_.width) + linear_cost(1, 4 * options_.width, options_.width);
  }
  return total;
}

BlockCost UViT::head_cost() const {
  const int64_t patch_values = options_.patch_size * options_.patch_size * options_.channels;
  BlockCost total = linear_cost(token_count() - options_.extra_tokens(), options_.width, patch_values);
  if (options_.final_conv) {
    total = total + linear_cost(options_.image_size * options_.image_size, 9 * options_.channels, options_.channels);
  }
  return total;
}

}  // namespace diffbench::backbones
