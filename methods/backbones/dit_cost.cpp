// The DiT's cost, counted from its sizes (one multiply-add = two FLOPs). What acts on the condition is counted once per
// sample, not per token.
#include "methods/backbones/cost.h"
#include "methods/backbones/dit.h"

namespace diffbench::backbones {

BlockCost dit_block_cost(const DiTOptions& options, double element_bytes) {
  const int64_t tokens = options.token_count();
  const int64_t width = options.width;
  return linear_cost(1, width, 6 * width, element_bytes) + linear_cost(tokens, width, 3 * width, element_bytes) +
         attention_cost(tokens, width, element_bytes) + linear_cost(tokens, width, width, element_bytes) +
         linear_cost(tokens, width, options.mlp_width(), element_bytes) +
         linear_cost(tokens, options.mlp_width(), width, element_bytes);
}

BlockCost dit_embed_cost(const DiTOptions& options, double element_bytes) {
  const int64_t patch_values = options.patch_size * options.patch_size * options.channels;
  return linear_cost(options.token_count(), patch_values, options.width, element_bytes) +
         linear_cost(1, kDiTTimeWidth, options.width, element_bytes) +
         linear_cost(1, options.width, options.width, element_bytes);
}

BlockCost dit_head_cost(const DiTOptions& options, double element_bytes) {
  const int64_t patch_values = options.patch_size * options.patch_size * options.out_channels();
  return linear_cost(1, options.width, 2 * options.width, element_bytes) +
         linear_cost(options.token_count(), options.width, patch_values, element_bytes);
}

// each with its shift and scale
BlockCost DiT::branch_cost(int, Branch branch, int64_t tokens) const {
  const int64_t width = options_.width;
  const double bytes = element_bytes();
  const auto modulation = linear_cost(1, width, 2 * width, bytes);
  if (branch == Branch::attention) {
    return modulation + linear_cost(tokens, width, 3 * width, bytes) + attention_cost(tokens, width, bytes) +
           linear_cost(tokens, width, width, bytes);
  }
  return modulation + linear_cost(tokens, width, options_.mlp_width(), bytes) +
         linear_cost(tokens, options_.mlp_width(), width, bytes);
}

BlockCost DiT::frame_cost(int) const { return linear_cost(1, options_.width, 2 * options_.width, element_bytes()); }

BlockCost DiT::cost(int) const { return dit_block_cost(options_, element_bytes()); }

BlockCost DiT::embed_cost() const { return dit_embed_cost(options_, element_bytes()); }

BlockCost DiT::head_cost() const { return dit_head_cost(options_, element_bytes()); }

}  // namespace diffbench::backbones
