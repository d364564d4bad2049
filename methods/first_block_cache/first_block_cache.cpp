// Skips all blocks but the first for rows on which the first does nearly what it did when the rest last ran.
#include <ATen/ATen.h>

#include <limits>

#include "methods/backbones/block_trace.h"
#include "methods/method.h"
#include "methods/sampling/row_groups.h"

namespace diffbench::methods::first_block_cache {
namespace {

using backbones::Backbone;
using backbones::Hidden;

class FirstBlockCache : public Denoiser {
 public:
  FirstBlockCache(std::shared_ptr<Backbone> backbone, double threshold, int64_t max_reuses, bool by_row)
      : backbone_(std::move(backbone)), threshold_(threshold), max_reuses_(max_reuses), by_row_(by_row) {}

  void begin(const std::vector<int64_t>&) override { reuses_.clear(); }
  void couple_halves(bool coupled) override { coupled_halves_ = coupled; }

  at::Tensor predict(const at::Tensor& x, const std::vector<double>& t, const at::Tensor& labels,
                     EvaluationTrace& trace) override {
    backbones::BlockTrace counted(*backbone_, t, trace);
    auto hidden = backbones::embed_in_scope(*backbone_, x, t, labels);
    const auto entered = hidden.tokens;
    backbone_->run_block(0, hidden);
    counted.executed(0);
    const auto first_change = hidden.tokens - entered;

    const auto groups = split_rows(t.size(), rows_that_reuse(first_change));
    const int64_t reusing = static_cast<int64_t>(groups[0].size());
    for (const int64_t row : groups[0]) {
      ++reuses_[static_cast<size_t>(row)];
    }
    if (groups[1].empty()) {
      hidden.tokens = hidden.tokens + rest_change_;
    } else {
      run_rest(groups[1], hidden, first_change, counted);
    }
    counted.ran(reusing, 1);
    counted.ran(x.size(0) - reusing, backbone_->block_count());
    counted.head();
    return backbones::head_in_scope(*backbone_, hidden);
  }

 private:
  // Reads one number per row. The first evaluation, and one of another number of rows, reuses nothing.
  std::function<bool(size_t)> rows_that_reuse(const at::Tensor& first_change) {
    const auto rows = static_cast<size_t>(first_change.size(0));
    if (reuses_.size() != rows) {
      reuses_.assign(rows, 0);
      return [](size_t) { return false; };
    }
    const auto size = [](const at::Tensor& change) { return change.to(at::kDouble).abs().flatten(1).mean(1); };
    auto distances = size(first_change - first_change_);
    auto sizes = size(first_change_);
    if (!by_row_) {
      distances = distances.mean().expand_as(distances);
      sizes = sizes.mean().expand_as(sizes);
    }
    const auto relative = (distances / sizes).cpu().contiguous();
    const std::vector<double> change(relative.data_ptr<double>(), relative.data_ptr<double>() + rows);
    return [this, change, rows](size_t row) {
      const auto alone = [&](size_t i) {
        return change[i] < threshold_ && (max_reuses_ == 0 || reuses_[i] < max_reuses_);
      };
      return alone(row) && (!coupled_halves_ || alone((row + rows / 2) % rows));
    };
  }

  // `computing` rows run the other blocks and are remembered, the others take what they did last
  void run_rest(const std::vector<int64_t>& computing, Hidden& hidden, const at::Tensor& first_change,
                backbones::BlockTrace& counted) {
    const bool all = computing.size() == reuses_.size();
    auto rest = all ? hidden : hidden.select(computing, true);
    const auto entered = rest.tokens;
    for (int block = 1; block < backbone_->block_count(); ++block) {
      backbone_->run_block(block, rest);
      counted.executed(block, static_cast<double>(computing.size()));
    }
    const auto change = rest.tokens - entered;
    if (all) {
      first_change_ = first_change;
      rest_change_ = change;
      hidden.tokens = rest.tokens;
    } else {
      const auto index = at::tensor(computing, at::TensorOptions(at::kLong)).to(hidden.tokens.device());
      first_change_.index_copy_(0, index, first_change.index_select(0, index));
      rest_change_.index_copy_(0, index, change);
      hidden.tokens = (hidden.tokens + rest_change_).index_copy_(0, index, rest.tokens);
    }
    for (const int64_t row : computing) {
      reuses_[static_cast<size_t>(row)] = 0;
    }
  }

  std::shared_ptr<Backbone> backbone_;
  double threshold_;
  int64_t max_reuses_;
  bool by_row_;
  bool coupled_halves_ = false;
  // of the last evaluation in which each row ran whole, [B, L, D]
  at::Tensor first_change_;
  at::Tensor rest_change_;
  std::vector<int64_t> reuses_;  // [B] since then
};

}  // namespace

MethodEntry entry() {
  using config::ParamType;
  return {
      .name = "first_block_cache",
      .summary = "reuses what the other blocks did while the first block's effect changes little",
      .source = "first-block cache of ParaAttention and diffusers, after TeaCache: arXiv 2411.19108",
      .needs = "nothing",
      .params = {{.name = "threshold",
                  .type = ParamType::kNumber,
                  .default_value = 0.1,
                  .description = "reuses while the relative change of the first block's residual is below it; 0: never",
                  .minimum = 0.0},
                 {.name = "max_reuses",
                  .type = ParamType::kInteger,
                  .default_value = 0,
                  .description = "most evaluations in a row that reuse; 0: no limit",
                  .minimum = 0},
                 {.name = "granularity",
                  .type = ParamType::kString,
                  .default_value = "row",
                  .description = "each row by its own change, or the batch by the mean, as in the public code",
                  .choices = {"row", "batch_mean"}}},
      .make = [](const nlohmann::json& params, const MethodContext& context) -> std::unique_ptr<Denoiser> {
        return std::make_unique<FirstBlockCache>(context.model->network.backbone, params.at("threshold"),
                                                 params.at("max_reuses"), params.at("granularity") == "row");
      },
      .never_skip =
          [](nlohmann::json params, const Model&) {
            params["threshold"] = 0.0;
            return std::optional(std::move(params));
          }};
}

}  // namespace diffbench::methods::first_block_cache
