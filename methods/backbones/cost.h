#pragma once
// The terms that a transformer's analytic cost is a sum of (BlockCost: per sample, one multiply-add is two FLOPs).
//
//   BlockCost mlp = linear_cost(tokens, width, 4 * width, 2.0) + linear_cost(tokens, 4 * width, width, 2.0);   // fp16
//
// element_bytes: size of one number in the compute type. No LibTorch calls.

#include "methods/backbones/backbone.h"

namespace diffbench::backbones {

BlockCost operator+(const BlockCost& a, const BlockCost& b);

// tokens vectors times a matrix [in, out], with bias
BlockCost linear_cost(int64_t tokens, int64_t in, int64_t out, double element_bytes);

// scores and weighted values, all heads together: reads q, k and v, each [tokens, width], and writes the result
BlockCost attention_cost(int64_t tokens, int64_t width, double element_bytes);

}  // namespace diffbench::backbones
