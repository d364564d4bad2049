// DeeDiff's joint loss (arXiv 2309.17074): L = L_simple + lambda L_u + beta L_UAL, over the N - 1 exits i,
//   L_u   = sum_i mean (u_i - tanh |g_i - eps|)^2
//   L_UAL = sum_i mean (1 - u_i) |g_i - eps|^2
// with g_i the output of exit i, and for eps whatever the network predicts. u_i is one number per image token, so
// targets are means over the token's patch. The gates see detached tokens, as in AdaDiff's code, and L_UAL's weights
// and L_u's targets are detached, as in RC-EENN's: otherwise the loss falls by calling everything uncertain. With a
// frozen backbone L_simple is constant and only exits learn.
#include "methods/training/uncertainty_task.h"

#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include "methods/config/input_error.h"
#include "methods/model/checkpoint.h"
#include "methods/training/autocast.h"
#include "methods/training/denoising.h"
#include "methods/uncertainty_exit/uncertainty_heads.h"

namespace diffbench::training {
namespace {

using methods::uncertainty_exit::UncertaintyHeads;
using methods::uncertainty_exit::UncertaintyOptions;

class UncertaintyTask : public Task {
 public:
  explicit UncertaintyTask(const Recipe& recipe) : recipe_(recipe), denoising_(recipe) {
    const auto options = recipe.toml.table_or_empty("uncertainty");
    options.allow_only({"freeze_backbone", "lambda", "beta", "heads", "time_input", "shared_gate", "exit_heads"});
    frozen_ = options.get_or<bool>("freeze_backbone", true);
    error_weight_ = options.get_or<double>("lambda", 1.0);
    exit_weight_ = options.get_or<double>("beta", 1.0);
    folder_ = options.get_or<std::string>("heads", "uncertainty");
    const UncertaintyOptions kind{.time_input = options.get_or<bool>("time_input", true),
                                  .shared_gate = options.get_or<bool>("shared_gate", false),
                                  .exit_heads = options.get_or<bool>("exit_heads", true)};
    recipe.toml.reject_unknown_keys();
    auto& backbone = denoising_.backbone();
    if (backbone.token_width() == 0 || backbone.block_count() < 2) {
      throw config::InputError(recipe.file.string() + ": model: gates need a network of several blocks of tokens");
    }
    if (frozen_ && recipe.start_model.empty()) {
      throw config::InputError(recipe.file.string() +
                               ": [denoiser] start_model: a frozen backbone needs trained weights");
    }
    // the heads are for that model: its schedule and image range are the ones to train under
    if (frozen_ && !std::filesystem::equivalent(find_model_file(recipe.start_model, recipe.start_model_at),
                                                denoising_.model_file())) {
      throw config::InputError(recipe.file.string() + ": [denoiser] start_model: a frozen backbone is `model` itself");
    }
    if (!recipe.exit_depths.empty() || !recipe.time_weights.empty()) {
      throw config::InputError(recipe.file.string() +
                               ": [denoiser] exit_depths, time_weights: only task denoiser has them");
    }
    heads_ = std::make_shared<UncertaintyHeads>(backbone, kind);
    heads_->to(denoising_.compute().device);
    for (auto& parameter : denoising_.network().module->parameters()) {
      if (frozen_) parameter.set_requires_grad(false);
    }
  }

  std::map<std::string, at::Tensor> parameters() const override {
    std::map<std::string, at::Tensor> all;
    for (auto& [name, parameter] : named_weights(*heads_)) {
      all.emplace("exits." + name, parameter);
    }
    if (!frozen_) {
      all.merge(denoising_.trained());
    }
    return all;
  }

  at::Tensor loss(int64_t step) override {
    const auto batch = denoising_.batch(step);
    auto& backbone = denoising_.backbone();
    const Autocast autocast(denoising_.compute().device.type(), recipe_.precision == "bf16");
    const auto times = heads_->time_features(batch.t, denoising_.schedule().span());
    at::Tensor total = at::zeros({}, batch.x.options());
    const c10::AutoGradMode backbone_learns(!frozen_);
    auto hidden = backbone.embed(batch.x, batch.t, batch.labels);
    const int last = backbone.block_count() - 1;
    for (int block = 0; block <= last; ++block) {
      backbone.run_block(block, hidden);
      if (block < last) {
        const c10::AutoGradMode exits_learn(true);
        total = total + exit_loss(block, hidden, times, batch.target);
      }
    }
    if (!frozen_) {
      total = total + denoising_.loss(backbone.head(hidden), batch);
    }
    return total;
  }

  std::string finish() override {
    std::string fingerprint;
    if (frozen_) {
      fingerprint = load_model(recipe_.start_model, resolve_compute("cpu", "fp32"))->fingerprint;
    } else {
      denoising_.save();
      fingerprint = load_model(recipe_.output.string(), resolve_compute("cpu", "fp32"))->fingerprint;
    }
    const auto folder = recipe_.output / folder_;
    methods::uncertainty_exit::write_heads(*heads_, fingerprint, folder);
    return "wrote " + (folder / "heads.safetensors").string();
  }

 private:
  at::Tensor exit_loss(int block, const backbones::Hidden& hidden, const at::Tensor& times, const at::Tensor& wanted) {
    auto& backbone = denoising_.backbone();
    const auto output = heads_->head(backbone, block, hidden).to(at::kFloat);
    const auto error = (output.narrow(1, 0, wanted.size(1)) - wanted).abs();
    auto seen = hidden;
    seen.tokens = hidden.tokens.detach();
    const auto u = heads_->uncertainty(block, seen, times).to(at::kFloat);
    const auto target = per_token(at::tanh(error.detach()), backbone.image_token_count());
    const auto error_loss = at::mse_loss(u, target);
    const auto exit_loss = ((1.0 - u.detach()) * per_token(error.square(), backbone.image_token_count())).mean();
    return error_weight_ * error_loss + exit_weight_ * exit_loss;
  }

  // [B,C,H,W] -> [B, tokens]: means over the square patches, row by row
  static at::Tensor per_token(const at::Tensor& image, int64_t tokens) {
    const auto side = static_cast<int64_t>(std::llround(std::sqrt(static_cast<double>(tokens))));
    const int64_t patch = image.size(2) / side;
    return at::avg_pool2d(image.mean(1, true), {patch, patch}).flatten(1);
  }

  Recipe recipe_;
  Denoising denoising_;
  bool frozen_ = true;
  double error_weight_ = 1.0;
  double exit_weight_ = 1.0;
  std::string folder_;
  std::shared_ptr<UncertaintyHeads> heads_;
};

}  // namespace

std::unique_ptr<Task> make_uncertainty_task(const Recipe& recipe) { return std::make_unique<UncertaintyTask>(recipe); }

}  // namespace diffbench::training
