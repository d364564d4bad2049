#pragma once
// The exact noise prediction for data whose pixels are independent draws from one mixture of normals: what solvers and
// the sampling loop are tested on.
//
//   GaussianMixture network({.image_size = 4, .channels = 1, .means = {-0.5, 0.5}, .stds = {0.1, 0.2},
//                            .weights = {0.3, 0.7}}, schedule);
//
// eps(x, t) = -sigma_t d/dx log p_t(x), p_t(x) = sum_k w_k N(alpha_t mean_k, alpha_t^2 std_k^2 + sigma_t^2). One block.

#include <memory>

#include "methods/backbones/backbone.h"
#include "methods/backbones/backbone_options.h"
#include "methods/solvers/noise_schedule.h"

namespace diffbench::backbones {

class GaussianMixture : public Backbone {
 public:
  GaussianMixture(GaussianMixtureOptions options, std::shared_ptr<const solvers::NoiseSchedule> schedule);

  int block_count() const override { return 1; }
  at::Tensor blank_input(int64_t rows) const override;
  Hidden embed(const at::Tensor& x, const std::vector<double>& t, const at::Tensor& labels) override;
  void transform(int index, Hidden& hidden) override;
  at::Tensor head(const Hidden& hidden) override;
  BlockCost cost(int index) const override;
  BlockCost embed_cost() const override { return {}; }
  BlockCost head_cost() const override { return {}; }

 private:
  GaussianMixtureOptions options_;
  std::shared_ptr<const solvers::NoiseSchedule> schedule_;
};

}  // namespace diffbench::backbones
