#include "methods/backbones/backbone.h"

#include <ATen/ops/index_select.h>

#include <stdexcept>

namespace diffbench::backbones {

Hidden Hidden::select(const at::Tensor& rows, const std::vector<int64_t>& host_rows) const {
  Hidden selected;
  selected.tokens = tokens.index_select(0, rows);
  selected.skips.reserve(skips.size());
  for (const auto& skip : skips) {
    selected.skips.push_back(skip.index_select(0, rows));
  }
  if (condition.defined()) {
    selected.condition = condition.index_select(0, rows);
  }
  selected.t.reserve(host_rows.size());
  for (const int64_t row : host_rows) {
    selected.t.push_back(t[static_cast<size_t>(row)]);
  }
  return selected;
}

void Backbone::bypass_block(int, Hidden&) {}

BlockCost Backbone::bypass_cost(int) const { return {}; }

double full_flops(const Backbone& backbone) {
  double flops = backbone.embed_cost().flops + backbone.head_cost().flops;
  for (int i = 0; i < backbone.block_count(); ++i) {
    flops += backbone.cost(i).flops;
  }
  return flops;
}

}  // namespace diffbench::backbones
