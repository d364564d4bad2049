#include "methods/runtimes/compiled_backbone.h"

namespace diffbench::runtimes {

using backbones::BlockParts;
using backbones::Hidden;
using backbones::Stretch;

void CompiledBackbone::run_blocks(int first, int end, Hidden& hidden, int64_t rows_inside) {
  if (compiler_->joins_blocks()) {
    run_compiled({first, end}, hidden, rows_inside);
    return;
  }
  for (int block = first; block < end; ++block) {
    run_compiled({block, block + 1}, hidden, rows_inside);
  }
}

void CompiledBackbone::enter_block(int index, Hidden& hidden) {
  const auto parts = *network_->block_parts(index);
  if (!parts.skip_linear.weight.defined()) return;
  const auto found = entries_.find(index);
  const auto& entry = found != entries_.end() ? found->second : entries_[index] = compiler_->compile_entry(parts);
  entry ? entry->run(hidden) : network_->enter_block(index, hidden);
}

void CompiledBackbone::transform(int index, Hidden& hidden) {
  auto& made = transforms_[index];
  if (!made) {
    auto parts = *network_->block_parts(index);
    parts.skip_linear = {};
    parts.keeps_skip = false;
    made = compiler_->compile({parts});
  }
  made->run(hidden);
}

void CompiledBackbone::prepare_stretches(const std::vector<Stretch>& stretches) {
  for (const auto& stretch : stretches) {
    if (compiler_->joins_blocks()) {
      compiled(stretch);
      continue;
    }
    for (int block = stretch.first; block < stretch.end; ++block) {
      compiled({block, block + 1});
    }
  }
}

CompiledStretch& CompiledBackbone::compiled(Stretch stretch) {
  auto& made = stretches_[stretch];
  if (!made) {
    std::vector<BlockParts> blocks;
    for (int block = stretch.first; block < stretch.end; ++block) {
      blocks.push_back(*network_->block_parts(block));
    }
    made = compiler_->compile(blocks);
  }
  return *made;
}

// A joined stretch is one scope, under the number of its first block, and one operation with the FLOPs of all. What
// runs block by block is made of LibTorch's operators, which profiles see by themselves.
void CompiledBackbone::run_compiled(Stretch stretch, Hidden& hidden, int64_t rows_inside) {
  auto& made = compiled(stretch);
  const int64_t rows = hidden.tokens.size(0);
  const profiling::Scope scope(
      profiling::Phase::kBlock, stretch.end == stretch.first + 1 ? "block" : "blocks",
      {.block = stretch.first, .rows = rows, .rows_inside = rows_inside < 0 ? rows : rows_inside});
  std::optional<profiling::Operation> operation;
  if (compiler_->joins_blocks()) {
    double flops = 0.0;
    for (int block = stretch.first; block < stretch.end; ++block) flops += network_->cost(block).flops;
    operation.emplace("compiled stretch", profiling::OperationCost{.flops = flops * static_cast<double>(rows)});
  }
  made.run(hidden);
}

}  // namespace diffbench::runtimes
