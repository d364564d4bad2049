#include "methods/risk_controlled/trajectory_losses.h"

#include <ATen/ATen.h>

#include <numeric>

namespace diffbench::methods::risk_controlled {

double mean_exit(const Trace& trace) {
  double depth = 0.0;
  double most = 0.0;
  for (const auto& evaluation : trace) {
    const auto blocks = static_cast<double>(evaluation.exit_count.size()) - 1.0;
    for (size_t block = 0; block < evaluation.exit_count.size(); ++block) {
      const auto rows = static_cast<double>(evaluation.exit_count[block]);
      depth += rows * static_cast<double>(block);
      most += rows * blocks;
    }
  }
  return depth / most;
}

risk_control::LossTable trajectory_losses(
    const LossRequest& request, const Model& model, const Sampler& sampler,
    const std::function<std::unique_ptr<Denoiser>(std::optional<double> threshold)>& denoiser, const Loss& loss,
    const std::function<void(size_t done)>& progress) {
  const auto& network = model.network;
  // what is compared, of all batches of one denoiser; the noise of unit i is the same for every denoiser
  const auto samples_of = [&](Denoiser& with, Trace& trace) {
    std::vector<at::Tensor> parts;
    for (int64_t first = 0; first < request.units; first += request.batch) {
      std::vector<int64_t> rows(static_cast<size_t>(std::min(request.batch, request.units - first)));
      std::iota(rows.begin(), rows.end(), first);
      PhiloxNoise noise(request.seed, rows, {network.channels, network.image_size, network.image_size}, model.compute);
      const auto labels = default_labels(rows, network.classes, model.compute);
      parts.push_back(loss.view(sampler.run(with, noise, labels, trace), labels));
    }
    return at::cat(parts);
  };
  Trace ignored;
  const auto full = samples_of(*denoiser(std::nullopt), ignored);
  const auto columns = static_cast<int64_t>(request.thresholds.size());
  const auto losses = at::zeros({request.units, columns}, at::TensorOptions(at::kDouble));
  std::vector<double> exits;
  for (int64_t column = 0; column < columns; ++column) {
    Trace trace;
    const auto early = samples_of(*denoiser(request.thresholds[static_cast<size_t>(column)]), trace);
    losses.select(1, column).copy_(loss.compare(full, early));
    exits.push_back(mean_exit(trace));
    if (progress) {
      progress(static_cast<size_t>(column) + 1);
    }
  }
  return {.source = "losses on '" + model.name + "'",
          .units = static_cast<size_t>(request.units),
          .losses = {losses.data_ptr<double>(), losses.data_ptr<double>() + losses.numel()},
          .thresholds = request.thresholds,
          .exits = exits};
}

}  // namespace diffbench::methods::risk_controlled
