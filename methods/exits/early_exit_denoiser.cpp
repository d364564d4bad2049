#include "methods/exits/early_exit_denoiser.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "methods/sampling/embed_batch.h"
#include "profiling/scope.h"

namespace diffbench::exits {
namespace {

using backbones::Backbone;
using backbones::Hidden;
using profiling::Phase;
using profiling::Scope;

// the outputs of everybody who has left, and the row of the batch that each belongs to
struct Outputs {
  std::vector<at::Tensor> eps;
  Rows rows;

  at::Tensor in_batch_order() const {
    if (eps.size() == 1) {
      return eps.front();  // all left together: already in order
    }
    std::vector<int64_t> position(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      position[static_cast<size_t>(rows[i])] = static_cast<int64_t>(i);
    }
    const auto joined = at::cat(eps);
    return joined.index_select(0, row_index(position, joined.device()));
  }
};

// the next block, `first` or later, after which the policy asks, or the last
int next_question(const ExitPolicy& policy, int first, int last) {
  while (first < last && !policy.asks_after(first)) {
    ++first;
  }
  return first;
}

// those that batches of one time each will run
std::vector<backbones::Stretch> stretches_of(const ExitPolicy& policy, const std::vector<double>& times, int blocks) {
  std::set<backbones::Stretch> stretches;
  for (const double t : times) {
    if (const auto planned = policy.planned_blocks(t)) stretches.insert({0, *planned});
  }
  const bool asks = stretches.empty();
  for (int first = 0; asks && first < blocks;) {
    const int end = next_question(policy, first, blocks - 1) + 1;
    stretches.insert({first, end});
    first = end;
  }
  return {stretches.begin(), stretches.end()};
}

class Evaluation {
 public:
  Evaluation(Backbone& backbone, ExitPolicy& policy, const CompactionRule& compaction, EvaluationTrace& trace,
             bool coupled_halves)
      : backbone_(backbone),
        policy_(policy),
        compaction_(compaction),
        trace_(trace),
        coupled_halves_(coupled_halves),
        last_(backbone.block_count() - 1) {}

  at::Tensor run(const Batch& batch) {
    const auto& t = batch.t;
    TORCH_INTERNAL_ASSERT(batch.members.size() == t.size());
    trace_.t = t.front();
    trace_.rows += static_cast<int64_t>(t.size());
    const auto exits = static_cast<size_t>(last_) + 2;
    trace_.exit_count.resize(std::max(trace_.exit_count.size(), exits));  // another network may have counted here
    trace_.flops += static_cast<double>(t.size()) * backbone_.embed_cost().flops;
    rows_.resize(t.size());
    std::iota(rows_.begin(), rows_.end(), int64_t{0});
    inside_.assign(t.size(), true);
    inside_count_ = t.size();
    state_type_ = batch.x.scalar_type();

    policy_.begin_evaluation(batch);
    for (const double time : t) {
      const auto planned = policy_.planned_blocks(time);
      if (!planned) break;
      planned_.push_back(*planned);
    }
    Hidden hidden = embed_batch(backbone_, batch);
    for (int first = 0; inside_count_ > 0;) {
      const int block = next_stop(first);
      run(first, block + 1, hidden);
      if (block == last_) {
        dismiss(block, RowMask::all(), hidden);
      } else {
        dismiss(block, planned_.empty() ? ask(block, hidden) : of_plan(block), hidden);
      }
      first = block + 1;
    }
    const Scope scope(Phase::kHead, "put outputs in order", {.rows = static_cast<int64_t>(t.size())});
    return outputs_.in_batch_order();
  }

 private:
  void run(int first, int end, Hidden& hidden) {
    backbone_.run_blocks(first, end, hidden, static_cast<int64_t>(inside_count_));
    const auto blocks = static_cast<double>(end - first);
    trace_.blocks_executed += blocks * static_cast<double>(rows_.size());
    trace_.blocks_carried += blocks * static_cast<double>(rows_.size() - inside_count_);
    for (int block = first; block < end; ++block) {
      trace_.flops += static_cast<double>(inside_count_) * backbone_.cost(block).flops;
    }
  }

  // the next block, `first` or later, after which rows may leave
  int next_stop(int first) const {
    if (planned_.empty()) return next_question(policy_, first, last_);
    int stop = last_;
    for (size_t i = 0; i < rows_.size(); ++i) {
      const int planned = planned_[static_cast<size_t>(rows_[i])] - 1;
      if (inside_[i] && planned >= first) stop = std::min(stop, planned);
    }
    return stop;
  }

  RowMask of_plan(int block) const {
    std::vector<bool> leaves;
    for (const int64_t row : rows_) leaves.push_back(planned_[static_cast<size_t>(row)] <= block + 1);
    return coupled(RowMask::from(std::move(leaves)));
  }

  RowMask ask(int block, const Hidden& hidden) {
    const Scope scope(Phase::kProbe, "probe", {.block = block, .rows = static_cast<int64_t>(rows_.size())});
    const double flops = static_cast<double>(inside_count_) * policy_.probe_flops(block);
    trace_.probe_flops += flops;
    trace_.flops += flops;
    return coupled(policy_.decide(block, hidden, rows_));
  }

  RowMask coupled(RowMask mask) const {
    return coupled_halves_ && mask.kind == RowMask::Kind::some ? both_halves(std::move(mask.leaves)) : mask;
  }

  // Pairs leave together, so the rows of `hidden` keep their order: first halves, then second halves.
  static RowMask both_halves(std::vector<bool> leaves) {
    const size_t half = leaves.size() / 2;
    for (size_t i = 0; i < half; ++i) {
      leaves[i] = leaves[i] && leaves[i + half];
      leaves[i + half] = leaves[i];
    }
    return RowMask::from(std::move(leaves));
  }

  // lets the rows of `mask` leave
  void dismiss(int block, const RowMask& mask, Hidden& hidden) {
    if (mask.kind == RowMask::Kind::none) {
      return;
    }
    std::vector<int64_t> leavers;  // positions in `hidden`
    std::vector<int64_t> stayers;
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (inside_[i]) {
        const bool leaves = mask.kind == RowMask::Kind::all || mask.leaves[i];
        (leaves ? leavers : stayers).push_back(static_cast<int64_t>(i));
      }
    }
    if (leavers.empty()) {
      return;
    }
    inside_count_ = stayers.size();
    const auto leaving_rows = rows_at(leavers);
    policy_.left(block, leaving_rows);
    if (leavers.size() == rows_.size()) {
      finish(block, std::move(hidden), leaving_rows);
      return;
    }
    finish(block, select(block, hidden, leavers), leaving_rows);
    if (stayers.empty()) {
      return;
    }
    const Scope scope(Phase::kCompact, "compact", {.block = block, .rows = static_cast<int64_t>(rows_.size())});
    if (compaction_.pays(hidden, static_cast<int64_t>(stayers.size()), next_stop(block + 1) - block)) {
      compact_rows(hidden, stayers);
      rows_ = rows_at(stayers);
      inside_.assign(rows_.size(), true);
      ++trace_.compactions;
      return;
    }
    for (const int64_t position : leavers) {
      inside_[static_cast<size_t>(position)] = false;
    }
  }

  Hidden select(int block, const Hidden& hidden, const std::vector<int64_t>& leavers) const {
    const Scope scope(Phase::kCompact, "take out leavers",
                      {.block = block, .rows = static_cast<int64_t>(leavers.size())});
    return hidden.select(leavers, policy_.bypasses_dropped_blocks());
  }

  void finish(int block, Hidden leavers, const Rows& rows) {
    const auto count = static_cast<double>(rows.size());
    if (policy_.bypasses_dropped_blocks()) {
      for (int dropped = block + 1; dropped <= last_; ++dropped) {
        backbone_.bypass_block(dropped, leavers);
        trace_.blocks_bypassed += count;
        trace_.flops += count * backbone_.bypass_cost(dropped).flops;
      }
    }
    const Scope scope(Phase::kHead, "head", {.block = block, .rows = leavers.tokens.size(0)});
    const auto eps = block == last_ ? backbone_.head(leavers) : policy_.head(backbone_, block, leavers);
    outputs_.eps.push_back(eps.to(state_type_));
    outputs_.rows.insert(outputs_.rows.end(), rows.begin(), rows.end());
    trace_.flops += count * backbone_.head_cost().flops;
    trace_.exit_count[static_cast<size_t>(block) + 1] += static_cast<int64_t>(rows.size());
  }

  Rows rows_at(const std::vector<int64_t>& positions) const {
    Rows rows(positions.size());
    std::transform(positions.begin(), positions.end(), rows.begin(),
                   [&](int64_t position) { return rows_[static_cast<size_t>(position)]; });
    return rows;
  }

  Backbone& backbone_;
  ExitPolicy& policy_;
  const CompactionRule& compaction_;
  EvaluationTrace& trace_;
  bool coupled_halves_;
  int last_;
  at::ScalarType state_type_ = at::kFloat;
  Rows rows_;                 // of the batch, in the order of the Hidden's rows
  std::vector<int> planned_;  // blocks by row of the batch, where the policy knows them beforehand
  std::vector<bool> inside_;  // those of them that have not left
  size_t inside_count_ = 0;
  Outputs outputs_;
};

}  // namespace

at::Tensor run_with_exits(Backbone& backbone, ExitPolicy& policy, const CompactionRule& compaction, const Batch& batch,
                          EvaluationTrace& trace, bool coupled_halves) {
  return Evaluation(backbone, policy, compaction, trace, coupled_halves).run(batch);
}

nlohmann::json EarlyExitDenoiser::prepare(const PrepareRequest& request, const nlohmann::json& given) {
  backbone_->prepare_times(request.times);
  policy_->prepare_times(request.times);
  backbone_->prepare_stretches(stretches_of(*policy_, request.times, backbone_->block_count()), request.rows);
  return compaction_.prepare(*backbone_, request.rows, given);
}

}  // namespace diffbench::exits
