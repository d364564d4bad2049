// Skips all blocks but the first for rows on which the first does nearly what it did when the rest last ran.
#include <ATen/ATen.h>

#include <limits>
#include <map>

#include "methods/backbones/block_trace.h"
#include "methods/method.h"
#include "methods/sampling/row_groups.h"
#include "methods/sampling/row_memory.h"

namespace diffbench::methods::first_block_cache {
namespace {

using backbones::Backbone;
using backbones::Hidden;

class FirstBlockCache : public Denoiser {
 public:
  FirstBlockCache(std::shared_ptr<Backbone> backbone, double threshold, int64_t max_reuses, bool by_row)
      : backbone_(std::move(backbone)), threshold_(threshold), max_reuses_(max_reuses), by_row_(by_row) {}

  nlohmann::json prepare(const PrepareRequest& request, const nlohmann::json&) override {
    backbone_->prepare_times(request.times);
    backbone_->prepare_stretches({{0, 1}, {1, backbone_->block_count()}}, request.rows);
    return nlohmann::json::object();
  }
  void begin(const std::vector<int64_t>& samples) override { end(samples); }
  void end(const std::vector<int64_t>& samples) override {
    forget_samples(reuses_, samples);
    memory_.forget(samples);
  }
  void couple_halves(bool coupled) override { coupled_halves_ = coupled; }

  at::Tensor predict(const Batch& batch, EvaluationTrace& trace) override {
    backbones::BlockTrace counted(*backbone_, batch.t, trace);
    auto hidden = backbones::embed_in_scope(*backbone_, batch.x, batch.t, batch.labels);
    const auto entered = hidden.tokens;
    backbone_->run_block(0, hidden);
    counted.executed(0);
    const auto first_change = hidden.tokens - entered;

    const auto groups = rows_that_reuse(batch.members, first_change);
    const auto reusing = static_cast<int64_t>(groups[0].size());
    for (const int64_t row : groups[0]) {
      ++reuses_[batch.members[static_cast<size_t>(row)]];
    }
    if (groups[1].empty()) {
      hidden.tokens = hidden.tokens + memory_.recall(batch.members)[kRestChange];
    } else {
      run_rest(batch.members, groups[1], hidden, first_change, counted);
    }
    counted.ran(reusing, 1);
    counted.ran(batch.x.size(0) - reusing, backbone_->block_count());
    counted.head();
    return backbones::head_in_scope(*backbone_, hidden);
  }

 private:
  // of the last evaluation in which a row ran whole, [rows, L, D]
  static constexpr size_t kFirstChange = 0;
  static constexpr size_t kRestChange = 1;

  // {rows that reuse, the others}; reads one number per row. A row of which nothing is kept does not reuse.
  std::vector<std::vector<int64_t>> rows_that_reuse(const std::vector<Member>& members,
                                                    const at::Tensor& first_change) {
    const size_t rows = members.size();
    const auto known = split_rows(rows, [&](size_t row) { return memory_.knows(members[row]); })[0];
    std::vector<double> change(rows, std::numeric_limits<double>::infinity());
    if (!known.empty()) {
      const auto now =
          known.size() == rows ? first_change : first_change.index_select(0, row_index(known, first_change.device()));
      std::vector<Member> remembered;
      for (const int64_t row : known) {
        remembered.push_back(members[static_cast<size_t>(row)]);
      }
      const auto relative = relative_change(now, memory_.recall(remembered)[kFirstChange]);
      for (size_t i = 0; i < known.size(); ++i) {
        change[static_cast<size_t>(known[i])] = relative.const_data_ptr<double>()[i];
      }
    }
    const auto alone = [&](size_t row) {
      return change[row] < threshold_ && (max_reuses_ == 0 || reuses_[members[row]] < max_reuses_);
    };
    return split_rows(rows,
                      [&](size_t row) { return alone(row) && (!coupled_halves_ || alone((row + rows / 2) % rows)); });
  }

  // [rows] on the host
  at::Tensor relative_change(const at::Tensor& now, const at::Tensor& before) const {
    const auto size = [](const at::Tensor& change) { return change.to(at::kDouble).abs().flatten(1).mean(1); };
    auto distances = size(now - before);
    auto sizes = size(before);
    if (!by_row_) {
      distances = distances.mean().expand_as(distances);
      sizes = sizes.mean().expand_as(sizes);
    }
    return (distances / sizes).cpu().contiguous();
  }

  // `computing` rows run the other blocks and are remembered, the others take what they did last
  void run_rest(const std::vector<Member>& members, const std::vector<int64_t>& computing, Hidden& hidden,
                const at::Tensor& first_change, backbones::BlockTrace& counted) {
    const bool all = computing.size() == members.size();
    auto rest = all ? hidden : hidden.select(computing, true);
    const auto entered = rest.tokens;
    backbone_->run_blocks(1, backbone_->block_count(), rest);
    for (int block = 1; block < backbone_->block_count(); ++block) {
      counted.executed(block, static_cast<double>(computing.size()));
    }
    const auto change = rest.tokens - entered;
    if (all) {
      memory_.keep(members, {first_change, change});
      hidden.tokens = rest.tokens;
    } else {
      std::vector<Member> own;
      for (const int64_t row : computing) {
        own.push_back(members[static_cast<size_t>(row)]);
      }
      const auto index = row_index(computing, hidden.tokens.device());
      memory_.update(own, {first_change.index_select(0, index), change});
      hidden.tokens = (hidden.tokens + memory_.recall(members)[kRestChange]).index_copy_(0, index, rest.tokens);
    }
    for (const int64_t row : computing) {
      reuses_[members[static_cast<size_t>(row)]] = 0;
    }
  }

  std::shared_ptr<Backbone> backbone_;
  double threshold_;
  int64_t max_reuses_;
  bool by_row_;
  bool coupled_halves_ = false;
  RowMemory memory_;
  std::map<Member, int64_t> reuses_;  // since it last ran whole
};

}  // namespace

MethodEntry entry() {
  using config::ParamType;
  return {
      .name = "first_block_cache",
      .summary = "reuses what the other blocks did while the first block's effect changes little",
      .source = "first-block cache of ParaAttention and diffusers, after TeaCache: arXiv 2411.19108",
      .needs = "nothing",
      .knob = "threshold",
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
          },
      .skipping =
          [](nlohmann::json params, const Model&) {
            params["threshold"] = 0.5;
            return params;
          },
      .decides =
          [](const nlohmann::json& params) {
            return params.at("granularity") == "row" ? Decides::kRow : Decides::kBatch;
          }};
}

}  // namespace diffbench::methods::first_block_cache
