#pragma once
// What turns tokens into noise: the network's own head, or one more of its kind for an exit.
//
//   std::shared_ptr<OutputHead> head = backbone.new_head();     // the own head's weights, in tensors of its own
//   at::Tensor eps = head->forward(hidden);                     // [rows,C,H,W], in the weights' dtype

#include <torch/nn/module.h>

#include "methods/backbones/backbone.h"

namespace diffbench::backbones {

class OutputHead : public torch::nn::Module {
 public:
  virtual at::Tensor forward(const Hidden& hidden) = 0;
};

// between modules of one shape; `to` takes device and dtype over too
void copy_parameters(const torch::nn::Module& from, torch::nn::Module& to);

}  // namespace diffbench::backbones
