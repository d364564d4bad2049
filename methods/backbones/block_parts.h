#pragma once
// A transformer block as data: what a runtime needs to compute it in its own way.
//
//   if (const auto parts = backbone.block_parts(3)) compile(*parts);
//
// A block that takes a long skip begins with tokens = skip_linear([tokens, skip]); then
//   tokens += proj(attention(qkv(norm1(tokens))));  tokens += fc2(gelu(fc1(norm2(tokens))))
// With `modulation` (adaLN-Zero), modulation(condition) gives shift, scale and gate of attention, then of the MLP:
// norm(x) becomes norm(x) * (1 + scale) + shift, and what is added is multiplied by its gate. A block that keeps a skip
// ends by keeping its tokens. The tensors are the network's own: they share its memory, device and dtype.

#include <ATen/core/Tensor.h>

namespace diffbench::backbones {

// the halves of a block's `transform`, in order
enum class Branch { attention, mlp };

struct LinearParts {
  at::Tensor weight;  // [out, in]; undefined: there is no such layer
  at::Tensor bias;    // [out], or undefined
};

struct NormParts {
  at::Tensor weight;  // [D], or undefined: nothing learned
  at::Tensor bias;
  double epsilon = 1e-5;
};

struct BlockParts {
  int64_t heads = 1;
  int64_t tokens = 1;  // per row
  NormParts norm1{};
  LinearParts qkv{};  // [3 * D, D]: q, k, v, each head by head
  LinearParts proj{};
  NormParts norm2{};
  LinearParts fc1{};
  LinearParts fc2{};
  LinearParts modulation{};   // [6 * D, D]
  LinearParts skip_linear{};  // [D, 2 * D]; defined: the block takes a long skip
  bool keeps_skip = false;
  bool tanh_gelu = false;
};

// blocks first .. end - 1
struct Stretch {
  int first = 0;
  int end = 0;

  auto operator<=>(const Stretch&) const = default;
};

}  // namespace diffbench::backbones
