// Merges tokens that resemble each other around attention and MLP of every block.
#include <ATen/ATen.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "methods/backbones/block_trace.h"
#include "methods/config/input_error.h"
#include "methods/method.h"
#include "methods/sampling/embed_batch.h"
#include "methods/token_merge/merge.h"

namespace diffbench::methods::token_merge {
namespace {

using backbones::Branch;
using backbones::Hidden;

struct Options {
  double ratio = 0.5;
  bool attention = true;
  bool mlp = false;
  Grid grid;
};

class TokenMerge : public Denoiser {
 public:
  TokenMerge(std::shared_ptr<backbones::Backbone> backbone, const Options& options)
      : backbone_(std::move(backbone)),
        options_(options),
        partition_(partition_of(options.grid, backbone_->blank_input(1).device())) {
    const auto wanted = static_cast<double>(backbone_->image_token_count()) * options_.ratio;
    merged_ = std::min(static_cast<int64_t>(wanted), partition_.sources.size(1));
  }

  nlohmann::json prepare(const PrepareRequest& request, const nlohmann::json&) override {
    backbone_->prepare_times(request.times);
    if (merged_ == 0) backbone_->prepare_stretches({{0, backbone_->block_count()}}, request.rows);
    return nlohmann::json::object();
  }

  at::Tensor predict(const Batch& batch, EvaluationTrace& trace) override {
    const auto rows = static_cast<int64_t>(batch.t.size());
    backbones::BlockTrace counted(*backbone_, batch.t, trace);
    auto hidden = embed_batch(*backbone_, batch);
    if (merged_ == 0) {
      backbone_->run_blocks(0, backbone_->block_count(), hidden);
    } else {
      for (int block = 0; block < backbone_->block_count(); ++block) run_block(block, rows, hidden);
    }
    for (int block = 0; block < backbone_->block_count(); ++block) {
      counted.over_tokens(block, tokens(options_.attention), tokens(options_.mlp));
    }
    if (merged_ > 0) counted.probed(backbone_->block_count() * matching_flops());
    counted.ran(rows, backbone_->block_count());
    counted.head();
    return backbones::head_in_scope(*backbone_, hidden);
  }

 private:
  // that a branch computes
  int64_t tokens(bool merges) const {
    return backbone_->first_image_token() + backbone_->image_token_count() - (merges ? merged_ : 0);
  }

  // scores of every token that may go and every one that stays
  double matching_flops() const {
    return 2.0 * static_cast<double>(partition_.sources.size(1) * partition_.kept.size(1) * backbone_->token_width());
  }

  void run_block(int block, int64_t rows, Hidden& hidden) {
    const profiling::Scope scope(profiling::Phase::kBlock, "block with merged tokens",
                                 {.block = block, .rows = rows, .rows_inside = rows});
    backbone_->enter_block(block, hidden);
    // time and label are no part of the image: they stay themselves
    const int64_t extra = backbone_->first_image_token();
    const auto merge = match(hidden.tokens.slice(1, extra), partition_, merged_);
    for (const auto branch : {Branch::attention, Branch::mlp}) {
      const auto input = backbone_->branch_input(block, branch, hidden);
      if (!(branch == Branch::attention ? options_.attention : options_.mlp)) {
        backbone_->add_branch(block, branch, backbone_->branch_output(block, branch, input), hidden);
        continue;
      }
      const auto output = backbone_->branch_output(
          block, branch, at::cat({input.slice(1, 0, extra), merge.merge(input.slice(1, extra))}, 1));
      backbone_->add_branch(block, branch,
                            at::cat({output.slice(1, 0, extra), merge.unmerge(output.slice(1, extra))}, 1), hidden);
    }
    backbone_->leave_block(block, hidden);
  }

  std::shared_ptr<backbones::Backbone> backbone_;
  Options options_;
  Partition partition_;
  int64_t merged_ = 0;  // of each row's tokens
};

std::unique_ptr<Denoiser> make(const nlohmann::json& params, const MethodContext& context) {
  const auto& backbone = context.model->network.backbone;
  const auto count = backbone->image_token_count();
  const auto side = static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(count))));
  if (!backbone->has_branches() || side * side != count) {
    throw config::InputError(context.where + ": the network of '" + context.model->name +
                             "' has no square of tokens to merge");
  }
  const int64_t stride = params.at("stride");
  if (stride > side) {
    throw config::InputError(context.where + ": stride: the tokens are " + std::to_string(side) + " x " +
                             std::to_string(side));
  }
  return std::make_unique<TokenMerge>(backbone, Options{.ratio = params.at("ratio"),
                                                        .attention = params.at("attention"),
                                                        .mlp = params.at("mlp"),
                                                        .grid = {.width = side, .height = side, .stride = stride}});
}

}  // namespace

MethodEntry entry() {
  using config::ParamType;
  return {.name = "token_merge",
          .summary = "merges tokens that resemble each other around attention, and the MLP if asked",
          .source = "ToMe for Stable Diffusion: Bolya and Hoffman, 2023, arXiv 2303.17604",
          .needs = "nothing",
          .knob = "ratio",
          .params =
              {{.name = "ratio",
                .type = ParamType::kNumber,
                .default_value = 0.5,
                .description = "share of the image's tokens that are merged away; 0: none",
                .minimum = 0.0,
                .maximum = 1.0},
               {.name = "attention",
                .type = ParamType::kBool,
                .default_value = true,
                .description = "merge around attention"},
               {.name = "mlp", .type = ParamType::kBool, .default_value = false, .description = "merge around the MLP"},
               {.name = "stride",
                .type = ParamType::kInteger,
                .default_value = 2,
                .description = "one token of every stride x stride is what others are merged into",
                .minimum = 2}},
          .make = make,
          .never_skip = [](nlohmann::json params, const Model& model) -> std::optional<nlohmann::json> {
            if (!model.network.backbone->has_branches()) return std::nullopt;
            params["ratio"] = 0.0;
            return params;
          }};
}

}  // namespace diffbench::methods::token_merge
