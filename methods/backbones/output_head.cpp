#include "methods/backbones/output_head.h"

#include <ATen/ATen.h>

namespace diffbench::backbones {

void copy_parameters(const torch::nn::Module& from, torch::nn::Module& to) {
  const at::NoGradGuard no_grad;
  const auto values = from.parameters();
  to.to(values.front().device(), values.front().scalar_type());
  auto targets = to.parameters();
  for (size_t i = 0; i < values.size(); ++i) {
    targets[i].copy_(values[i]);
  }
}

}  // namespace diffbench::backbones
