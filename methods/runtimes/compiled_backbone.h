#pragma once
// A network whose blocks run on another runtime; all else is the network's own.
//
//   auto fast = std::make_shared<CompiledBackbone>(network.backbone, make_compiler(compute), compute.network_dtype);
//   fast->prepare_stretches({{0, 13}}, 64);      // compiled now; what was not prepared is compiled when it is asked
//   for
//
// Where a runtime is faster with a number of rows that it knows, pieces are compiled twice: for the numbers that were
// prepared, and for any other.

#include <map>
#include <set>
#include <tuple>

#include "methods/runtimes/runtime.h"

namespace diffbench::runtimes {

class CompiledBackbone : public backbones::Backbone {
 public:
  // every block of `network` has parts (Backbone::block_parts)
  CompiledBackbone(std::shared_ptr<backbones::Backbone> network, std::unique_ptr<Compiler> compiler)
      : network_(std::move(network)), compiler_(std::move(compiler)) {}

  void run_blocks(int first, int end, backbones::Hidden& hidden, int64_t rows_inside) override;
  void transform(int index, backbones::Hidden& hidden) override;
  void prepare_stretches(const std::vector<backbones::Stretch>& stretches, int64_t rows) override;
  at::Tensor branch_output(int index, backbones::Branch branch, const at::Tensor& input) override;

  int block_count() const override { return network_->block_count(); }
  at::Tensor blank_input(int64_t rows) const override { return network_->blank_input(rows); }
  backbones::Hidden embed(const at::Tensor& x, const std::vector<double>& t, const at::Tensor& labels) override {
    return network_->embed(x, t, labels);
  }
  bool takes_text() const override { return network_->takes_text(); }
  backbones::Hidden embed_text(const at::Tensor& x, const std::vector<double>& t, const at::Tensor& context) override {
    return network_->embed_text(x, t, context);
  }
  void prepare_times(const std::vector<double>& times) override { network_->prepare_times(times); }
  void enter_block(int index, backbones::Hidden& hidden) override;
  void leave_block(int index, backbones::Hidden& hidden) override { network_->leave_block(index, hidden); }
  bool has_branches() const override { return network_->has_branches(); }
  at::Tensor branch_input(int index, backbones::Branch branch, const backbones::Hidden& hidden) override {
    return network_->branch_input(index, branch, hidden);
  }
  void add_branch(int index, backbones::Branch branch, const at::Tensor& output, backbones::Hidden& hidden) override {
    network_->add_branch(index, branch, output, hidden);
  }
  std::optional<backbones::BlockParts> block_parts(int index) const override { return network_->block_parts(index); }
  int min_bypass_depth() const override { return network_->min_bypass_depth(); }
  int64_t token_width() const override { return network_->token_width(); }
  int64_t first_image_token() const override { return network_->first_image_token(); }
  int64_t image_token_count() const override { return network_->image_token_count(); }
  std::shared_ptr<backbones::OutputHead> new_head() const override { return network_->new_head(); }
  at::Tensor head(const backbones::Hidden& hidden) override { return network_->head(hidden); }
  backbones::BlockCost cost(int index) const override { return network_->cost(index); }
  backbones::BlockCost bypass_cost(int index) const override { return network_->bypass_cost(index); }
  backbones::BlockCost branch_cost(int index, backbones::Branch branch, int64_t tokens) const override {
    return network_->branch_cost(index, branch, tokens);
  }
  backbones::BlockCost frame_cost(int index) const override { return network_->frame_cost(index); }
  backbones::BlockCost embed_cost() const override { return network_->embed_cost(); }
  backbones::BlockCost head_cost() const override { return network_->head_cost(); }

 private:
  // made once, run at every evaluation
  struct Piece {
    std::unique_ptr<CompiledStretch> compiled;  // null: the network's own way
    double flops = 0.0;                         // per row
  };

  // of calls with so many rows: itself where pieces are compiled for it, else 0
  int64_t known(int64_t rows) const { return known_rows_.contains(rows) ? rows : 0; }
  Piece made(const std::vector<backbones::BlockParts>& blocks, int first, int64_t rows) const;
  Piece& piece_of(backbones::Stretch stretch, int64_t rows);
  void run_piece(Piece& piece, backbones::Hidden& hidden) const;
  void run_stretch(backbones::Stretch stretch, backbones::Hidden& hidden, int64_t rows_inside);

  std::shared_ptr<backbones::Backbone> network_;
  std::unique_ptr<Compiler> compiler_;
  std::set<int64_t> known_rows_;
  std::map<std::pair<backbones::Stretch, int64_t>, Piece> stretches_;  // by known rows
  std::map<std::pair<int, int64_t>, Piece> transforms_;                // single blocks without their long skips
  std::map<std::tuple<int, backbones::Branch, int64_t>, Piece> branches_;
  std::map<int, Piece> entries_;  // what takes a block's long skip alone
};

}  // namespace diffbench::runtimes
