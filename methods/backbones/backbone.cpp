#include "methods/backbones/backbone.h"

#include <ATen/ops/index_select.h>
#include <ATen/ops/tensor.h>
#include <c10/util/Exception.h>

#include "methods/config/input_error.h"

namespace diffbench::backbones {

Hidden Hidden::select(const std::vector<int64_t>& rows, bool skips_too) const {
  const auto index = at::tensor(rows, at::TensorOptions(at::kLong)).to(tokens.device());
  Hidden selected;
  selected.tokens = tokens.index_select(0, index);
  if (skips_too) {
    for (const auto& skip : skips) {
      selected.skips.push_back(skip.index_select(0, index));
    }
  }
  if (condition.defined()) {
    selected.condition = condition.index_select(0, index);
  }
  selected.t.reserve(rows.size());
  for (const int64_t row : rows) {
    selected.t.push_back(t[static_cast<size_t>(row)]);
  }
  return selected;
}

void Backbone::run_blocks(int first, int end, Hidden& hidden, int64_t rows_inside) {
  const int64_t rows = hidden.tokens.size(0);
  for (int index = first; index < end; ++index) {
    const profiling::Scope scope(profiling::Phase::kBlock, "block",
                                 {.block = index, .rows = rows, .rows_inside = rows_inside < 0 ? rows : rows_inside});
    enter_block(index, hidden);
    transform(index, hidden);
    leave_block(index, hidden);
  }
}

Hidden Backbone::embed_text(const at::Tensor&, const std::vector<double>&, const at::Tensor&) {
  throw config::InputError("the network takes no text");
}

void refuse_text() {
  throw config::InputError(
      "a text-to-image network runs with full and with exits alone, on the text that `sample --context` and `eval` "
      "bring");
}

BlockCost Backbone::bypass_cost(int) const { return {}; }

at::Tensor Backbone::branch_input(int, Branch, const Hidden&) { TORCH_INTERNAL_ASSERT(false, "no branches"); }
at::Tensor Backbone::branch_output(int, Branch, const at::Tensor&) { TORCH_INTERNAL_ASSERT(false, "no branches"); }
void Backbone::add_branch(int, Branch, const at::Tensor&, Hidden&) { TORCH_INTERNAL_ASSERT(false, "no branches"); }
BlockCost Backbone::branch_cost(int, Branch, int64_t) const { TORCH_INTERNAL_ASSERT(false, "no branches"); }

double full_flops(const Backbone& backbone) {
  double flops = backbone.embed_cost().flops + backbone.head_cost().flops;
  for (int i = 0; i < backbone.block_count(); ++i) {
    flops += backbone.cost(i).flops;
  }
  return flops;
}

}  // namespace diffbench::backbones
