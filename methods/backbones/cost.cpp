#include "methods/backbones/cost.h"

namespace diffbench::backbones {

BlockCost operator+(const BlockCost& a, const BlockCost& b) {
  return {a.flops + b.flops, a.parameter_bytes + b.parameter_bytes, a.activation_bytes + b.activation_bytes};
}

BlockCost linear_cost(int64_t tokens, int64_t in, int64_t out, double element_bytes) {
  const auto n = static_cast<double>(tokens);
  const auto k = static_cast<double>(in);
  const auto m = static_cast<double>(out);
  return {2.0 * n * k * m, (k + 1.0) * m * element_bytes, n * (k + m) * element_bytes};
}

BlockCost attention_cost(int64_t tokens, int64_t width, double element_bytes) {
  const auto n = static_cast<double>(tokens);
  const auto d = static_cast<double>(width);
  return {4.0 * n * n * d, 0.0, 4.0 * n * d * element_bytes};
}

}  // namespace diffbench::backbones
