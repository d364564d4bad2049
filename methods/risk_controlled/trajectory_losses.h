#pragma once
// The losses that a threshold is calibrated on: how far an early-exit sample lies from the full network's, both from
// the same initial and step noise. One unit is one trajectory.
//
//   const auto table = trajectory_losses(
//       {.units = 200, .batch = 50, .seed = 7, .thresholds = {0.0, 0.05, 0.1}}, *model, sampler,
//       [&](std::optional<double> threshold) { return threshold ? denoiser_at(*threshold) : full(); },
//       {.view = [&](const at::Tensor& samples) { return unit_pixels(samples, model->image); },
//        .distance = rmse_distance});

#include <functional>
#include <memory>
#include <optional>

#include "methods/model/model.h"
#include "methods/risk_controlled/procedures/loss_table.h"
#include "methods/sampling/denoiser.h"
#include "methods/sampling/sampler.h"

namespace diffbench::methods::risk_controlled {

struct Loss {
  // samples [B,C,H,W] -> what is compared, [B,...] float64 on the CPU; asked once per sample, batch by batch
  std::function<at::Tensor(const at::Tensor& samples)> view;
  // of two such views -> [B] in [0, 1]
  std::function<at::Tensor(const at::Tensor& a, const at::Tensor& b)> distance;
};

// pixels clipped and scaled to [0, 1]
at::Tensor unit_pixels(const at::Tensor& images, const ImageSpec& image);
// root of the mean squared difference of an image
at::Tensor rmse_distance(const at::Tensor& a, const at::Tensor& b);

struct LossRequest {
  int64_t units = 100;
  int64_t batch = 64;
  uint64_t seed = 0;
  std::vector<double> thresholds;  // in order of falling caution
};

// denoiser(nullopt) is the full network. `progress` hears of every column.
risk_control::LossTable trajectory_losses(
    const LossRequest& request, const Model& model, const Sampler& sampler,
    const std::function<std::unique_ptr<Denoiser>(std::optional<double> threshold)>& denoiser, const Loss& loss,
    const std::function<void(size_t done)>& progress = {});

}  // namespace diffbench::methods::risk_controlled
