#pragma once
// Bipartite soft matching (ToMe for Stable Diffusion: Bolya and Hoffman, 2023, arXiv 2303.17604): tokens that resemble
// one of a grid of kept tokens most are merged into it, and get its result back.
//
//   const Partition partition = partition_of({.width = 16, .height = 16}, tokens.device());   // once
//   const Merge merge = match(tokens, partition, 128);                                        // [rows, 256, D]
//   auto y = merge.unmerge(attention(merge.merge(x)));                                   // over 128 tokens
//
// Each row is matched by itself.

#include <ATen/core/Tensor.h>

namespace diffbench::methods::token_merge {

struct Grid {
  int64_t width = 0;
  int64_t height = 0;
  int64_t stride = 2;  // one token of every stride x stride is kept: the upper left
};

// of the tokens, on the device
struct Partition {
  at::Tensor sources{};  // [1, S, 1] tokens that may be merged
  at::Tensor kept{};     // [1, K, 1] tokens of the grid
};

Partition partition_of(const Grid& grid, at::Device device);

struct Merge {
  int64_t tokens = 0;  // before
  Partition partition{};
  at::Tensor unmerged{};  // [rows, S - merged, 1] places in `sources`
  at::Tensor merged{};    // [rows, merged, 1] places in `sources`
  at::Tensor into{};      // [rows, merged, 1] places in `kept`

  at::Tensor merge(const at::Tensor& x) const;    // [rows, tokens, D] -> [rows, tokens - merged, D], merged by mean
  at::Tensor unmerge(const at::Tensor& y) const;  // back; merged tokens get what they were merged into
};

// at most as many tokens as are sources; cosine similarity of `metric` [rows, tokens, D]
Merge match(const at::Tensor& metric, const Partition& partition, int64_t merged);

}  // namespace diffbench::methods::token_merge
