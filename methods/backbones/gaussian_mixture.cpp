#include "methods/backbones/gaussian_mixture.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numeric>

namespace diffbench::backbones {

GaussianMixture::GaussianMixture(GaussianMixtureOptions options, std::shared_ptr<const solvers::NoiseSchedule> schedule)
    : options_(std::move(options)), schedule_(std::move(schedule)) {
  const double total = std::accumulate(options_.weights.begin(), options_.weights.end(), 0.0);
  for (auto& weight : options_.weights) {
    weight /= total;
  }
}

at::Tensor GaussianMixture::blank_input(int64_t rows) const {
  return at::zeros({rows, options_.channels, options_.image_size, options_.image_size});
}

Hidden GaussianMixture::embed(const at::Tensor& x, const std::vector<double>& t, const at::Tensor&) {
  Hidden hidden;
  hidden.tokens = x;
  hidden.t = t;
  return hidden;
}

void GaussianMixture::transform(int, Hidden& hidden) {
  const auto& x = hidden.tokens;
  const auto per_row = [&](auto value_of) {
    std::vector<double> values(hidden.t.size());
    std::transform(hidden.t.begin(), hidden.t.end(), values.begin(), value_of);
    return at::tensor(values, at::TensorOptions(at::kDouble)).to(x.options()).reshape({-1, 1, 1, 1});
  };
  const auto sigma = per_row([&](double t) { return schedule_->sigma(t); });
  std::vector<at::Tensor> log_densities;
  std::vector<at::Tensor> scores;
  for (size_t k = 0; k < options_.means.size(); ++k) {
    const auto mean = per_row([&](double t) { return schedule_->alpha(t) * options_.means[k]; });
    const auto variance = per_row([&](double t) {
      return std::pow(schedule_->alpha(t) * options_.stds[k], 2) + std::pow(schedule_->sigma(t), 2);
    });
    const auto offset = x - mean;
    log_densities.push_back(std::log(options_.weights[k]) - 0.5 * at::log(variance) - 0.5 * offset * offset / variance);
    scores.push_back(-offset / variance);
  }
  const auto share = at::softmax(at::stack(log_densities), 0);
  hidden.tokens = -sigma * (share * at::stack(scores)).sum(0);
}

at::Tensor GaussianMixture::head(const Hidden& hidden) { return hidden.tokens; }

BlockCost GaussianMixture::cost(int) const {
  const auto pixels = static_cast<double>(options_.channels * options_.image_size * options_.image_size);
  const auto components = static_cast<double>(options_.means.size());
  return {10.0 * pixels * components, 0.0, 4.0 * pixels * (2.0 * components + 2.0)};
}

}  // namespace diffbench::backbones
