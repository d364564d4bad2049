// Reuse of what blocks did at an earlier evaluation, on a fixed timetable.
#include <ATen/ATen.h>

#include "methods/backbones/block_trace.h"
#include "methods/config/input_error.h"
#include "methods/method.h"

namespace diffbench::methods::block_cache {
namespace {

using backbones::Backbone;
using backbones::Hidden;

// Every `interval`-th evaluation of a batch runs whole and keeps what it needs; the others reuse it.
class BlockCache : public Denoiser {
 public:
  BlockCache(std::shared_ptr<Backbone> backbone, int64_t interval)
      : backbone_(std::move(backbone)), interval_(interval) {}

  void begin(const std::vector<int64_t>&) override { evaluation_ = 0; }

  at::Tensor predict(const at::Tensor& x, const std::vector<double>& t, const at::Tensor& labels,
                     EvaluationTrace& trace) override {
    backbones::BlockTrace counted(*backbone_, t, trace);
    auto hidden = backbones::embed_in_scope(*backbone_, x, t, labels);
    if (x.size(0) != rows_) {  // another batch, or guidance has begun or ended: nothing kept fits
      rows_ = x.size(0);
      evaluation_ = 0;
    }
    const bool whole = evaluation_++ % interval_ == 0;
    if (whole) {
      compute(hidden, counted);
    } else {
      reuse(hidden, counted);
    }
    counted.ran(rows_, whole ? blocks() : blocks_when_reusing());
    counted.head();
    return backbones::head_in_scope(*backbone_, hidden);
  }

 protected:
  virtual void compute(Hidden& hidden, backbones::BlockTrace& counted) = 0;
  virtual void reuse(Hidden& hidden, backbones::BlockTrace& counted) = 0;
  virtual int blocks_when_reusing() const = 0;

  int blocks() const { return backbone_->block_count(); }

  std::shared_ptr<Backbone> backbone_;

 private:
  int64_t interval_;
  int64_t evaluation_ = 0;
  int64_t rows_ = 0;
};

// FORA (arXiv 2407.01425): the residual of attention and MLP of every block
class ResidualCache : public BlockCache {
 public:
  using BlockCache::BlockCache;

 private:
  void compute(Hidden& hidden, backbones::BlockTrace& counted) override {
    residuals_.clear();
    for (int block = 0; block < blocks(); ++block) {
      const int64_t rows = hidden.tokens.size(0);
      const profiling::Scope scope(profiling::Phase::kBlock, "block",
                                   {.block = block, .rows = rows, .rows_inside = rows});
      backbone_->enter_block(block, hidden);
      const auto entered = hidden.tokens;
      backbone_->transform(block, hidden);
      residuals_.push_back(hidden.tokens - entered);
      backbone_->leave_block(block, hidden);
      counted.executed(block);
    }
  }

  void reuse(Hidden& hidden, backbones::BlockTrace& counted) override {
    for (int block = 0; block < blocks(); ++block) {
      const int64_t rows = hidden.tokens.size(0);
      const profiling::Scope scope(profiling::Phase::kBlock, "reused block",
                                   {.block = block, .rows = rows, .rows_inside = rows});
      backbone_->enter_block(block, hidden);
      hidden.tokens = hidden.tokens + residuals_[static_cast<size_t>(block)];
      backbone_->leave_block(block, hidden);
      counted.bypassed(block);
    }
  }

  int blocks_when_reusing() const override { return 0; }

  std::vector<at::Tensor> residuals_;
};

// DeepCache (arXiv 2312.00858): the outermost blocks run at every evaluation, and what reaches the last of them from
// the deep ones between is kept
class DeepCache : public BlockCache {
 public:
  DeepCache(std::shared_ptr<Backbone> backbone, int64_t interval, int branch)
      : BlockCache(std::move(backbone), interval), branch_(branch) {}

 private:
  void compute(Hidden& hidden, backbones::BlockTrace& counted) override {
    run(0, blocks() - branch_, hidden, counted);
    deep_tokens_ = hidden.tokens;
    run(blocks() - branch_, blocks(), hidden, counted);
  }

  void reuse(Hidden& hidden, backbones::BlockTrace& counted) override {
    run(0, branch_, hidden, counted);
    hidden.tokens = deep_tokens_;
    run(blocks() - branch_, blocks(), hidden, counted);
  }

  int blocks_when_reusing() const override { return 2 * branch_; }

  void run(int first, int end, Hidden& hidden, backbones::BlockTrace& counted) {
    for (int block = first; block < end; ++block) {
      backbone_->run_block(block, hidden);
      counted.executed(block);
    }
  }

  int branch_;
  at::Tensor deep_tokens_;
};

std::unique_ptr<Denoiser> make(const nlohmann::json& params, const MethodContext& context) {
  const auto& backbone = context.model->network.backbone;
  const auto interval = params.at("interval").get<int64_t>();
  if (params.at("keep") == "residuals") {
    return std::make_unique<ResidualCache>(backbone, interval);
  }
  const int branch = params.at("branch").get<int>();
  if (2 * branch >= backbone->block_count()) {
    throw config::InputError(context.where + ": branch: twice " + std::to_string(branch) + " leaves none of the " +
                             std::to_string(backbone->block_count()) + " blocks of '" + context.model->name +
                             "' to reuse");
  }
  return std::make_unique<DeepCache>(backbone, interval, branch);
}

}  // namespace

MethodEntry entry() {
  using config::ParamType;
  return {.name = "block_cache",
          .summary = "every k-th evaluation runs whole, the others reuse what its blocks did",
          .source = "FORA: arXiv 2407.01425 (keep = residuals); DeepCache: arXiv 2312.00858 (keep = deep)",
          .needs = "nothing",
          .params = {{.name = "interval",
                      .type = ParamType::kInteger,
                      .default_value = 2,
                      .description = "evaluations from one whole one to the next; 1: all of them",
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
                      .minimum = 1}},
          .make = make,
          .never_skip = [](nlohmann::json params, const Model&) {
            params["interval"] = 1;
            return std::optional(std::move(params));
          }};
}

}  // namespace diffbench::methods::block_cache
