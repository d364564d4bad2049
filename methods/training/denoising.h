#pragma once
// What every task on a noise-prediction network shares: the network of the recipe's `model`, and batches of noisy
// images.
//
//   Denoising denoising(recipe);
//   NoisyBatch batch = denoising.batch(step);          // a function of (recipe seed, step) alone
//   at::Tensor loss = at::mse_loss(network(batch.x, batch.t, batch.labels), batch.target);

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

#include "methods/model/model.h"
#include "methods/training/batches.h"
#include "methods/training/recipe.h"

namespace diffbench::training {

struct NoisyBatch {
  at::Tensor x;           // [B,C,H,W] alpha_t image + sigma_t noise, float, on the recipe's device, as are the others
  at::Tensor images;      // [B,C,H,W] in the model's range
  at::Tensor target;      // [B,C,H,W] what the network is to give: the noise, unless `prediction` says otherwise
  at::Tensor labels;      // [B] int64, some of them the null label
  std::vector<double> t;  // [B] whole index units; in (0, 1] on vp_continuous
};

class Denoising {
 public:
  // reads `model` and, where the recipe has `start_model`, its weights; random ones otherwise. InputErrors name the
  // file and key at fault.
  explicit Denoising(const Recipe& recipe);

  NoisyBatch batch(int64_t step);
  // mean square per number of output's first channels - target, row by row weighted by `weights` [B,1,1,1] if defined;
  // with learned sigma, the bound that v is learned by on top of it
  at::Tensor loss(const at::Tensor& output, const NoisyBatch& batch, const at::Tensor& weights = {}) const;
  // what is trained, by name: all of the network, or all but its time embedder
  std::map<std::string, at::Tensor> trained() const;
  // writes the weights (fp16) and model.toml into the recipe's output; returns the weights file
  std::filesystem::path save() const;

  const Compute& compute() const { return compute_; }
  const backbones::Network& network() const { return network_; }
  const solvers::NoiseSchedule& schedule() const { return *schedule_; }
  backbones::Backbone& backbone() const { return *network_.backbone; }
  const std::filesystem::path& model_file() const { return model_file_; }

 private:
  void check_images();
  void freeze_time_embedder();
  void copy_weights(const Model& start);
  at::Tensor target(const at::Tensor& x, const at::Tensor& noise, const std::vector<double>& t) const;

  Recipe recipe_;
  Compute compute_;
  std::filesystem::path model_file_;
  config::TomlTable model_toml_;
  std::shared_ptr<const solvers::NoiseSchedule> schedule_;
  ImageSpec image_;
  Batches batches_;
  std::string weights_file_;
  backbones::Network network_;
};

}  // namespace diffbench::training
