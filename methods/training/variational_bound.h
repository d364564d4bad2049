#pragma once
// What a network with learned sigma learns its log variances by: the term of the variational bound at each row's time
// (Nichol and Dhariwal, ICML 2021, arXiv 2102.09672; ADM's and DiT's `_vb_terms_bpd`), in bits per number.
//
//   at::Tensor bits = variational_bound(schedule, {.x0 = x0, .x = x, .eps = eps.detach(), .v = v, .t = t});   // [B]
//   at::Tensor loss = at::mse_loss(eps, noise) + bits.mean();
//
// The step from t to t - 1 that the network describes, with the mean that eps gives and the variance that v
// interpolates (solvers/plan.h, LogVarianceRange), against the true one given x0: their KL divergence; at t = 0 the
// likelihood of x0 in steps of 2/255, for data in [-1, 1]. eps is detached by the caller: the bound must not move the
// mean.

#include <ATen/core/Tensor.h>

#include <vector>

#include "methods/solvers/noise_schedule.h"

namespace diffbench::training {

struct BoundInput {
  at::Tensor x0;
  at::Tensor x;    // at t
  at::Tensor eps;  // predicted
  at::Tensor v;
  std::vector<double> t;  // [B] whole indices of a discrete schedule
};

at::Tensor variational_bound(const solvers::NoiseSchedule& schedule, const BoundInput& input);

}  // namespace diffbench::training
