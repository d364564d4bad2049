#include "methods/runtimes/compiled_backbone.h"

namespace diffbench::runtimes {

using backbones::BlockParts;
using backbones::Branch;
using backbones::Hidden;
using backbones::Stretch;

void CompiledBackbone::run_blocks(int first, int end, Hidden& hidden, int64_t rows_inside) {
  if (compiler_->joins_blocks()) {
    run_stretch({first, end}, hidden, rows_inside);
    return;
  }
  for (int block = first; block < end; ++block) {
    run_stretch({block, block + 1}, hidden, rows_inside);
  }
}

void CompiledBackbone::enter_block(int index, Hidden& hidden) {
  const auto known = entries_.find(index);
  auto& entry = known != entries_.end() ? known->second : entries_[index];
  if (known == entries_.end()) {
    const auto parts = *network_->block_parts(index);
    if (parts.skip_linear.weight.defined()) entry = {.compiled = compiler_->compile_entry(parts)};
  }
  entry.compiled ? entry.compiled->run(hidden) : network_->enter_block(index, hidden);
}

void CompiledBackbone::transform(int index, Hidden& hidden) {
  const int64_t rows = known(hidden.tokens.size(0));
  auto& piece = transforms_[{index, rows}];
  if (!piece.compiled) {
    auto parts = *network_->block_parts(index);
    parts.skip_linear = {};
    parts.keeps_skip = false;
    piece = made({parts}, index, rows);
  }
  run_piece(piece, hidden);
}

at::Tensor CompiledBackbone::branch_output(int index, Branch branch, const at::Tensor& input) {
  const auto tokens = network_->first_image_token() + network_->image_token_count();
  if (input.size(1) != tokens) return network_->branch_output(index, branch, input);  // merged tokens
  const auto key = std::tuple(index, branch, known(input.size(0)));
  auto piece = branches_.find(key);
  if (piece == branches_.end()) {
    const auto parts = *network_->block_parts(index);
    piece = branches_
                .emplace(key, Piece{.compiled = compiler_->compile_branch(parts, branch, std::get<2>(key)),
                                    .flops = network_->branch_cost(index, branch, tokens).flops})
                .first;
  }
  if (!piece->second.compiled) return network_->branch_output(index, branch, input);
  Hidden hidden;
  hidden.tokens = input;
  run_piece(piece->second, hidden);
  return hidden.tokens;
}

void CompiledBackbone::prepare_stretches(const std::vector<Stretch>& stretches, int64_t rows) {
  std::set<int64_t> wanted{0};
  if (rows > 0 && compiler_->prefers_known_rows()) wanted.insert(rows);
  known_rows_.insert(wanted.begin(), wanted.end());
  for (const auto& stretch : stretches) {
    const int step = compiler_->joins_blocks() ? stretch.end - stretch.first : 1;
    for (int block = stretch.first; block < stretch.end; block += step) {
      for (const int64_t count : wanted) piece_of({block, block + step}, count);
    }
  }
}

CompiledBackbone::Piece CompiledBackbone::made(const std::vector<BlockParts>& blocks, int first, int64_t rows) const {
  Piece piece{.compiled = compiler_->compile(blocks, rows)};
  for (size_t i = 0; i < blocks.size(); ++i) piece.flops += network_->cost(first + static_cast<int>(i)).flops;
  return piece;
}

CompiledBackbone::Piece& CompiledBackbone::piece_of(Stretch stretch, int64_t rows) {
  auto& piece = stretches_[{stretch, rows}];
  if (!piece.compiled) {
    std::vector<BlockParts> blocks;
    for (int block = stretch.first; block < stretch.end; ++block) {
      blocks.push_back(*network_->block_parts(block));
    }
    piece = made(blocks, stretch.first, rows);
  }
  return piece;
}

// What is joined is one operation with the FLOPs of all its blocks. What runs block by block is made of LibTorch's
// operators, which profiles see by themselves.
void CompiledBackbone::run_piece(Piece& piece, Hidden& hidden) const {
  std::optional<profiling::Operation> operation;
  if (compiler_->joins_blocks()) {
    const auto rows = static_cast<double>(hidden.tokens.size(0));
    operation.emplace("compiled stretch", profiling::OperationCost{.flops = piece.flops * rows});
  }
  piece.compiled->run(hidden);
}

// one scope, under the number of its first block
void CompiledBackbone::run_stretch(Stretch stretch, Hidden& hidden, int64_t rows_inside) {
  const int64_t rows = hidden.tokens.size(0);
  auto& piece = piece_of(stretch, known(rows));
  const profiling::Scope scope(
      profiling::Phase::kBlock, stretch.end == stretch.first + 1 ? "block" : "blocks",
      {.block = stretch.first, .rows = rows, .rows_inside = rows_inside < 0 ? rows : rows_inside});
  run_piece(piece, hidden);
}

}  // namespace diffbench::runtimes
