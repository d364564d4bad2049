#pragma once
// Keeps an EvaluationTrace true for methods that run the whole batch block by block, without exits.
//
//   BlockTrace counted(backbone, t, trace);      // counts the embedding
//   backbone.run_block(0, hidden);     counted.executed(0);
//   backbone.bypass_block(1, hidden);  counted.bypassed(1);
//   backbone.head(hidden);             counted.head();

#include <algorithm>
#include <vector>

#include "methods/backbones/backbone.h"
#include "methods/sampling/denoiser.h"

namespace diffbench::backbones {

class BlockTrace {
 public:
  BlockTrace(const Backbone& backbone, const std::vector<double>& t, EvaluationTrace& trace)
      : backbone_(backbone), trace_(trace), rows_(static_cast<double>(t.size())) {
    trace.t = t.front();
    trace.rows += static_cast<int64_t>(t.size());
    trace.flops += rows_ * backbone.embed_cost().flops;
  }

  void executed(int block) { executed(block, rows_); }
  // for the given number of rows only
  void executed(int block, double rows) {
    trace_.blocks_executed += rows;
    trace_.flops += rows * backbone_.cost(block).flops;
  }
  void bypassed(int block) {
    trace_.blocks_bypassed += rows_;
    trace_.flops += rows_ * backbone_.bypass_cost(block).flops;
  }
  // A block of which only some branches ran, and the others were replaced by what others computed. It counts by its
  // share of the FLOPs of both.
  void branches(int block, bool attention, bool mlp) {
    const auto tokens = backbone_.first_image_token() + backbone_.image_token_count();
    const double attention_flops = backbone_.branch_cost(block, Branch::attention, tokens).flops;
    const double mlp_flops = backbone_.branch_cost(block, Branch::mlp, tokens).flops;
    const double ran = (attention ? attention_flops : 0.0) + (mlp ? mlp_flops : 0.0);
    trace_.blocks_executed += rows_ * ran / (attention_flops + mlp_flops);
    trace_.blocks_bypassed += attention || mlp ? 0.0 : rows_;
    trace_.flops += rows_ * (backbone_.frame_cost(block).flops + ran);
  }
  // a block whose branches ran over fewer tokens
  void over_tokens(int block, int64_t attention, int64_t mlp) {
    trace_.blocks_executed += rows_;
    trace_.flops +=
        rows_ * (backbone_.frame_cost(block).flops + backbone_.branch_cost(block, Branch::attention, attention).flops +
                 backbone_.branch_cost(block, Branch::mlp, mlp).flops);
  }
  // for each row, on deciding
  void probed(double flops) {
    trace_.probe_flops += rows_ * flops;
    trace_.flops += rows_ * flops;
  }
  void head() { trace_.flops += rows_ * backbone_.head_cost().flops; }
  // so many rows ran so many blocks
  void ran(int64_t rows, int blocks) {
    auto& counts = trace_.exit_count;
    counts.resize(std::max(counts.size(), static_cast<size_t>(backbone_.block_count()) + 1));
    counts[static_cast<size_t>(blocks)] += rows;
  }

 private:
  const Backbone& backbone_;
  EvaluationTrace& trace_;
  double rows_;
};

}  // namespace diffbench::backbones
