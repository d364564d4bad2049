#pragma once
// Building blocks of the networks. Parameters under upstream's names: authors nest them in plain containers
// ("attn.qkv", "mlp.fc1", "time_embed.0").
//
//   qkv_ = register_nested(*this, "attn", "qkv", torch::nn::Linear(width, 3 * width));   // "attn.qkv.weight", ...
//   t_fc1_ = register_nested(*this, "t_embedder.mlp", "0", torch::nn::Linear(256, width));
//
// A container is a bare module that only gives the prefix; it is made once and shared by what is nested in it.

#include <torch/nn/modules/linear.h>

#include <cmath>
#include <memory>
#include <string>

#include "methods/backbones/block_parts.h"

namespace diffbench::backbones {

// containers: names joined by dots, outermost first
template <typename Holder>
Holder register_nested(torch::nn::Module& parent, const std::string& containers, const std::string& name,
                       Holder module) {
  const auto dot = containers.find('.');
  const std::string outer = containers.substr(0, dot);
  const auto children = parent.named_children();
  const auto* nested = children.find(outer);
  const auto holder =
      nested != nullptr ? *nested : parent.register_module(outer, std::make_shared<torch::nn::Module>());
  if (dot != std::string::npos) {
    return register_nested(*holder, containers.substr(dot + 1), name, module);
  }
  holder->register_module(name, module);
  return module;
}

// layer(x), the bias added by the product itself; torch::nn::Linear adds it in a second pass over three-dimensional x
inline at::Tensor linear(const torch::nn::Linear& layer, const at::Tensor& x) {
  return at::linear(x, layer->weight, layer->bias);
}

// [B, side * side, patch * patch * channels], patches row by row -> [B, channels, side * patch, side * patch]
inline at::Tensor unpatchified(const at::Tensor& patches, int64_t side, int64_t channels) {
  const int64_t of_channel = patches.size(2) / channels;
  const int64_t patch = std::llround(std::sqrt(static_cast<double>(of_channel)));
  return patches.reshape({-1, side, side, patch, patch, channels})
      .permute({0, 5, 1, 3, 2, 4})
      .reshape({-1, channels, side * patch, side * patch});
}

inline LinearParts parts_of(const torch::nn::Linear& layer) { return {layer->weight, layer->bias}; }

}  // namespace diffbench::backbones
