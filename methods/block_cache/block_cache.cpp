// Reuse of what blocks did at an earlier evaluation, on a fixed timetable.
#include <ATen/ATen.h>

#include "methods/backbones/block_trace.h"
#include "methods/block_cache/spacing.h"
#include "methods/caches/timetable.h"
#include "methods/config/input_error.h"
#include "methods/method.h"
#include "methods/sampling/embed_batch.h"
#include "methods/sampling/row_groups.h"
#include "methods/sampling/row_memory.h"

namespace diffbench::methods::block_cache {
namespace {

using backbones::Backbone;
using backbones::Hidden;

// At the `whole` places of the plan a row runs whole and keeps what it needs; at the others it reuses it. Rows of one
// batch may stand at different places: those that run whole and those that reuse are two groups.
class BlockCache : public Denoiser {
 public:
  BlockCache(std::shared_ptr<Backbone> backbone, Spacing spacing) : backbone_(std::move(backbone)), spacing_(spacing) {}

  nlohmann::json prepare(const PrepareRequest& request, const nlohmann::json&) override {
    times_.prepare(request.times);
    whole_ = whole_places(spacing_, times_.count());
    backbone_->prepare_times(request.times);
    backbone_->prepare_stretches(stretches(), request.rows);
    return nlohmann::json::object();
  }
  void begin(const std::vector<int64_t>& samples) override { end(samples); }
  void end(const std::vector<int64_t>& samples) override { memory_.forget(samples); }
  void couple_halves(bool coupled) override { coupled_halves_ = coupled; }

  at::Tensor predict(const Batch& batch, EvaluationTrace& trace) override {
    times_.meet(batch.t);
    const size_t rows = batch.members.size();
    const auto alone = [&](size_t row) { return runs_whole(batch.members[row], batch.t[row]); };
    const auto groups =
        split_rows(rows, [&](size_t row) { return alone(row) || (coupled_halves_ && alone((row + rows / 2) % rows)); });
    const auto eps = predict_in_groups(
        groups, batch, [&](size_t group, const Batch& own) { return predict_group(group == 0, own, trace); });
    trace.t = batch.t.front();
    return eps;
  }

 protected:
  // what to keep of these rows, and what brings them to the head
  virtual std::vector<at::Tensor> compute(Hidden& hidden, backbones::BlockTrace& counted) = 0;
  virtual void reuse(Hidden& hidden, const std::vector<at::Tensor>& kept, backbones::BlockTrace& counted) = 0;
  virtual int blocks_when_reusing() const = 0;
  virtual std::vector<backbones::Stretch> stretches() const { return {}; }  // that run as one piece

  int blocks() const { return backbone_->block_count(); }

  std::shared_ptr<Backbone> backbone_;

 private:
  bool runs_whole(const Member& member, double t) const {
    const auto place = times_.place(t);
    // of a plan that nobody announced every place counts alike
    const bool planned = place < static_cast<int64_t>(whole_.size()) ? whole_[static_cast<size_t>(place)]
                                                                     : place % spacing_.interval == 0;
    return planned || !memory_.knows(member);
  }

  at::Tensor predict_group(bool whole, const Batch& batch, EvaluationTrace& trace) {
    backbones::BlockTrace counted(*backbone_, batch.t, trace);
    auto hidden = embed_batch(*backbone_, batch);
    if (whole) {
      auto kept = compute(hidden, counted);
      if (spacing_.interval > 1) {
        memory_.keep(batch.members, std::move(kept));
      }
    } else {
      reuse(hidden, memory_.recall(batch.members), counted);
    }
    counted.ran(batch.x.size(0), whole ? blocks() : blocks_when_reusing());
    counted.head();
    return backbones::head_in_scope(*backbone_, hidden);
  }

  Spacing spacing_;
  caches::Timetable times_;
  std::vector<bool> whole_;  // by place
  bool coupled_halves_ = false;
  RowMemory memory_;
};

// FORA (arXiv 2407.01425): the residual of attention and MLP of every block
class ResidualCache : public BlockCache {
 public:
  using BlockCache::BlockCache;

 private:
  std::vector<at::Tensor> compute(Hidden& hidden, backbones::BlockTrace& counted) override {
    std::vector<at::Tensor> residuals;
    for (int block = 0; block < blocks(); ++block) {
      const int64_t rows = hidden.tokens.size(0);
      const profiling::Scope scope(profiling::Phase::kBlock, "block",
                                   {.block = block, .rows = rows, .rows_inside = rows});
      backbone_->enter_block(block, hidden);
      const auto entered = hidden.tokens;
      backbone_->transform(block, hidden);
      residuals.push_back(hidden.tokens - entered);
      backbone_->leave_block(block, hidden);
      counted.executed(block);
    }
    return residuals;
  }

  void reuse(Hidden& hidden, const std::vector<at::Tensor>& kept, backbones::BlockTrace& counted) override {
    for (int block = 0; block < blocks(); ++block) {
      const int64_t rows = hidden.tokens.size(0);
      const profiling::Scope scope(profiling::Phase::kBlock, "reused block",
                                   {.block = block, .rows = rows, .rows_inside = rows});
      backbone_->enter_block(block, hidden);
      hidden.tokens = hidden.tokens + kept[static_cast<size_t>(block)];
      backbone_->leave_block(block, hidden);
      counted.bypassed(block);
    }
  }

  int blocks_when_reusing() const override { return 0; }
};

// DeepCache (arXiv 2312.00858): the outermost blocks run at every evaluation, and what reaches the last of them from
// the deep ones between is kept
class DeepCache : public BlockCache {
 public:
  DeepCache(std::shared_ptr<Backbone> backbone, Spacing spacing, int branch)
      : BlockCache(std::move(backbone), spacing), branch_(branch) {}

 private:
  std::vector<at::Tensor> compute(Hidden& hidden, backbones::BlockTrace& counted) override {
    run(0, blocks() - branch_, hidden, counted);
    std::vector<at::Tensor> deep_tokens{hidden.tokens};
    run(blocks() - branch_, blocks(), hidden, counted);
    return deep_tokens;
  }

  void reuse(Hidden& hidden, const std::vector<at::Tensor>& kept, backbones::BlockTrace& counted) override {
    run(0, branch_, hidden, counted);
    hidden.tokens = kept.front();
    run(blocks() - branch_, blocks(), hidden, counted);
  }

  int blocks_when_reusing() const override { return 2 * branch_; }
  std::vector<backbones::Stretch> stretches() const override {
    return {{0, blocks() - branch_}, {blocks() - branch_, blocks()}, {0, branch_}};
  }

  void run(int first, int end, Hidden& hidden, backbones::BlockTrace& counted) {
    backbone_->run_blocks(first, end, hidden);
    for (int block = first; block < end; ++block) {
      counted.executed(block);
    }
  }

  int branch_;
};

bool has_long_skips(const Backbone& backbone) {
  for (int block = 0; block < backbone.block_count(); ++block) {
    const auto parts = backbone.block_parts(block);
    if (parts && parts->keeps_skip) return true;
  }
  return false;
}

std::unique_ptr<Denoiser> make(const nlohmann::json& params, const MethodContext& context) {
  const auto& backbone = context.model->network.backbone;
  const Spacing spacing{.interval = params.at("interval"),
                        .quadratic = params.at("spacing") == "quadratic",
                        .power = params.at("power"),
                        .center = params.at("center")};
  if (params.at("keep") == "residuals") {
    return std::make_unique<ResidualCache>(backbone, spacing);
  }
  if (!has_long_skips(*backbone)) {
    throw config::InputError(context.where + ": keep: deep needs long skips, which the network of '" +
                             context.model->name + "' has not: its output would not depend on the input any more");
  }
  const int branch = params.at("branch").get<int>();
  if (2 * branch >= backbone->block_count()) {
    throw config::InputError(context.where + ": branch: twice " + std::to_string(branch) + " leaves none of the " +
                             std::to_string(backbone->block_count()) + " blocks of '" + context.model->name +
                             "' to reuse");
  }
  return std::make_unique<DeepCache>(backbone, spacing, branch);
}

}  // namespace

MethodEntry entry() {
  using config::ParamType;
  return {.name = "block_cache",
          .summary = "every k-th evaluation runs whole, the others reuse what its blocks did",
          .source = "FORA: arXiv 2407.01425 (keep = residuals); DeepCache: arXiv 2312.00858 (keep = deep)",
          .needs = "nothing",
          .knob = "interval",
          .knob_text = "every {}",
          .params = {{.name = "interval",
                      .type = ParamType::kInteger,
                      .default_value = 2,
                      .description = "times from one whole evaluation to the next; 1: all of them",
                      .minimum = 1},
                     {.name = "keep",
                      .type = ParamType::kString,
                      .default_value = "residuals",
                      .description = "every block's residual, or what the deep blocks hand to the outermost",
                      .choices = {"residuals", "deep"}},
                     {.name = "branch",
                      .type = ParamType::kInteger,
                      .default_value = 1,
                      .description = "keep = deep: blocks at either end that run at every evaluation",
                      .minimum = 1},
                     {.name = "spacing",
                      .type = ParamType::kString,
                      .default_value = "uniform",
                      .description = "whole evaluations at equal distances, or as many of them closest together around "
                                     "`center`",
                      .choices = {"uniform", "quadratic"}},
                     {.name = "power",
                      .type = ParamType::kNumber,
                      .default_value = 1.4,
                      .description = "spacing = quadratic: how fast distances grow from the center on",
                      .minimum = 1.0},
                     {.name = "center",
                      .type = ParamType::kInteger,
                      .default_value = 15,
                      .description = "spacing = quadratic: the place around which whole evaluations are closest",
                      .minimum = 0}},
          .make = make,
          .never_skip = [](nlohmann::json params, const Model&) {
            params["interval"] = 1;
            return std::optional(std::move(params));
          }};
}

}  // namespace diffbench::methods::block_cache
