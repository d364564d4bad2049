#include "methods/risk_controlled/trajectory_losses.h"

#include <ATen/ATen.h>

#include <numeric>

namespace diffbench::methods::risk_controlled {

at::Tensor unit_pixels(const at::Tensor& images, const ImageSpec& image) {
  return ((images.to(at::kDouble) - image.low) / (image.high - image.low)).clamp(0.0, 1.0).cpu();
}

at::Tensor rmse_distance(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).square().flatten(1).mean(1).sqrt();
}

risk_control::LossTable trajectory_losses(
    const LossRequest& request, const Model& model, const Sampler& sampler,
    const std::function<std::unique_ptr<Denoiser>(std::optional<double> threshold)>& denoiser, const Loss& loss,
    const std::function<void(size_t done)>& progress) {
  const auto& network = model.network;
  // what is compared, of all batches of one denoiser; the noise of unit i is the same for every denoiser
  const auto samples_of = [&](Denoiser& with) {
    std::vector<at::Tensor> parts;
    for (int64_t first = 0; first < request.units; first += request.batch) {
      std::vector<int64_t> rows(static_cast<size_t>(std::min(request.batch, request.units - first)));
      std::iota(rows.begin(), rows.end(), first);
      PhiloxNoise noise(request.seed, rows, {network.channels, network.image_size, network.image_size}, model.compute);
      Trace ignored;
      const auto labels = default_labels(rows, network.classes, model.compute);
      parts.push_back(loss.view(sampler.run(with, noise, labels, ignored)));
    }
    return at::cat(parts);
  };
  const auto full = samples_of(*denoiser(std::nullopt));
  const auto columns = static_cast<int64_t>(request.thresholds.size());
  const auto losses = at::zeros({request.units, columns}, at::TensorOptions(at::kDouble));
  for (int64_t column = 0; column < columns; ++column) {
    const auto early = samples_of(*denoiser(request.thresholds[static_cast<size_t>(column)]));
    losses.select(1, column).copy_(loss.distance(full, early));
    if (progress) {
      progress(static_cast<size_t>(column) + 1);
    }
  }
  return {.source = "losses on '" + model.name + "'",
          .units = static_cast<size_t>(request.units),
          .losses = {losses.data_ptr<double>(), losses.data_ptr<double>() + losses.numel()},
          .thresholds = request.thresholds};
}

}  // namespace diffbench::methods::risk_controlled
