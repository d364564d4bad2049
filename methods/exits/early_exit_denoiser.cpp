#include "methods/exits/early_exit_denoiser.h"

#include <ATen/ATen.h>

#include <numeric>

namespace diffbench::exits {
namespace {

using backbones::Backbone;
using backbones::Hidden;

// the outputs of everybody who has left, and the row of the batch that each belongs to
struct Outputs {
  std::vector<at::Tensor> eps;
  std::vector<int64_t> rows;

  at::Tensor in_batch_order() const {
    if (eps.size() == 1) {
      return eps.front();  // all left together: already in order
    }
    std::vector<int64_t> position(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      position[static_cast<size_t>(rows[i])] = static_cast<int64_t>(i);
    }
    const auto joined = at::cat(eps);
    return joined.index_select(0, at::tensor(position, at::TensorOptions(at::kLong)).to(joined.device()));
  }
};

class Evaluation {
 public:
  Evaluation(Backbone& backbone, ExitPolicy& policy, EvaluationTrace& trace, bool coupled_halves)
      : backbone_(backbone), policy_(policy), trace_(trace), coupled_halves_(coupled_halves) {}

  at::Tensor run(const at::Tensor& x, const std::vector<double>& t, const at::Tensor& labels) {
    const auto rows = static_cast<double>(t.size());
    const int last = backbone_.block_count() - 1;
    trace_.t = t.front();
    trace_.rows += static_cast<int64_t>(t.size());
    const auto exits = static_cast<size_t>(backbone_.block_count()) + 1;
    trace_.exit_count.resize(std::max(trace_.exit_count.size(), exits));  // another network may have counted here
    trace_.flops += rows * backbone_.embed_cost().flops;
    inside_.resize(t.size());
    std::iota(inside_.begin(), inside_.end(), int64_t{0});

    Hidden hidden = backbone_.embed(x, t, labels);
    for (int block = 0; block <= last && !inside_.empty(); ++block) {
      backbone_.run_block(block, hidden);
      trace_.blocks_executed += static_cast<double>(inside_.size());
      trace_.flops += static_cast<double>(inside_.size()) * backbone_.cost(block).flops;
      dismiss(block, block == last ? RowMask::all() : ask(block, hidden), hidden);
    }
    return outputs_.in_batch_order();
  }

 private:
  RowMask ask(int block, const Hidden& hidden) {
    const double flops = static_cast<double>(inside_.size()) * policy_.probe_flops(block);
    trace_.probe_flops += flops;
    trace_.flops += flops;
    const auto mask = policy_.decide(block, hidden);
    return coupled_halves_ && mask.kind == RowMask::Kind::some ? both_halves(mask.leaves) : mask;
  }

  // Pairs leave together, so the rows still inside keep their order: first halves, then second halves.
  static RowMask both_halves(std::vector<bool> leaves) {
    const size_t half = leaves.size() / 2;
    for (size_t i = 0; i < half; ++i) {
      leaves[i] = leaves[i] && leaves[i + half];
      leaves[i + half] = leaves[i];
    }
    return RowMask::from(std::move(leaves));
  }

  // lets the rows of `mask` leave, and keeps the others in `hidden`
  void dismiss(int block, const RowMask& mask, Hidden& hidden) {
    if (mask.kind == RowMask::Kind::none) {
      return;
    }
    if (mask.kind == RowMask::Kind::all) {
      finish(block, std::move(hidden), inside_);
      inside_.clear();
      return;
    }
    std::vector<int64_t> positions[2];  // of those who stay, of those who leave
    for (size_t i = 0; i < inside_.size(); ++i) {
      positions[mask.leaves[i] ? 1 : 0].push_back(static_cast<int64_t>(i));
    }
    finish(block, select(hidden, positions[1]), rows_at(positions[1]));
    hidden = select(hidden, positions[0]);
    inside_ = rows_at(positions[0]);
  }

  void finish(int block, Hidden leavers, const std::vector<int64_t>& rows) {
    const auto count = static_cast<double>(rows.size());
    if (policy_.bypasses_dropped_blocks()) {
      for (int dropped = block + 1; dropped < backbone_.block_count(); ++dropped) {
        backbone_.bypass_block(dropped, leavers);
        trace_.blocks_bypassed += count;
        trace_.flops += count * backbone_.bypass_cost(dropped).flops;
      }
    }
    outputs_.eps.push_back(backbone_.head(leavers));
    outputs_.rows.insert(outputs_.rows.end(), rows.begin(), rows.end());
    trace_.flops += count * backbone_.head_cost().flops;
    trace_.exit_count[static_cast<size_t>(block) + 1] += static_cast<int64_t>(rows.size());
  }

  static Hidden select(const Hidden& hidden, const std::vector<int64_t>& positions) {
    return hidden.select(at::tensor(positions, at::TensorOptions(at::kLong)).to(hidden.tokens.device()), positions);
  }

  std::vector<int64_t> rows_at(const std::vector<int64_t>& positions) const {
    std::vector<int64_t> rows(positions.size());
    std::transform(positions.begin(), positions.end(), rows.begin(),
                   [&](int64_t position) { return inside_[static_cast<size_t>(position)]; });
    return rows;
  }

  Backbone& backbone_;
  ExitPolicy& policy_;
  EvaluationTrace& trace_;
  bool coupled_halves_;
  std::vector<int64_t> inside_;  // rows of the batch still in the network, in the order of the Hidden's rows
  Outputs outputs_;
};

}  // namespace

at::Tensor run_with_exits(Backbone& backbone, ExitPolicy& policy, const at::Tensor& x, const std::vector<double>& t,
                          const at::Tensor& labels, EvaluationTrace& trace, bool coupled_halves) {
  return Evaluation(backbone, policy, trace, coupled_halves).run(x, t, labels);
}

}  // namespace diffbench::exits
