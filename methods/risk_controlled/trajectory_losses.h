#pragma once
// The losses that a threshold is calibrated on: how much an early-exit sample loses against the full network's, both
// from the same initial and step noise. One unit is one trajectory.
//
//   const auto table = trajectory_losses(
//       {.units = 200, .batch = 50, .seed = 7, .thresholds = {0.0, 0.05, 0.1}}, *model, sampler,
//       [&](std::optional<double> threshold) { return threshold ? denoiser_at(*threshold) : full(); },
//       {.view = [&](const at::Tensor& samples, const at::Tensor&) { return unit_pixels(samples, model->image); },
//        .compare = rmse_distance});
//   table.exits[2];      // the share of the blocks that ran at a threshold of 0.1

#include <functional>
#include <memory>
#include <optional>

#include "methods/model/model.h"
#include "methods/risk_controlled/procedures/loss_table.h"
#include "methods/sampling/denoiser.h"
#include "methods/sampling/sampler.h"

namespace diffbench::methods::risk_controlled {

struct Loss {
  // samples [B,C,H,W] and their labels [B] (undefined: unconditional) -> what is compared, [B,...] on the CPU; asked
  // once per sample, batch by batch
  std::function<at::Tensor(const at::Tensor& samples, const at::Tensor& labels)> view;
  // of two such views -> [B] float64
  std::function<at::Tensor(const at::Tensor& full, const at::Tensor& early)> compare;
};

struct LossRequest {
  int64_t units = 100;
  int64_t batch = 64;
  uint64_t seed = 0;
  std::vector<double> thresholds;  // in order of falling caution
};

// of all rows and evaluations: how deep they left, over the depth of the network
double mean_exit(const Trace& trace);

// denoiser(nullopt) is the full network. `progress` hears of every column.
risk_control::LossTable trajectory_losses(
    const LossRequest& request, const Model& model, const Sampler& sampler,
    const std::function<std::unique_ptr<Denoiser>(std::optional<double> threshold)>& denoiser, const Loss& loss,
    const std::function<void(size_t done)>& progress = {});

}  // namespace diffbench::methods::risk_controlled
