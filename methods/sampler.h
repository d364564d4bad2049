#pragma once
// The one sampling loop: executes a solver's plan (solvers/plan.h) on a batch, calling a denoiser. It knows no solver
// and no method.
//
//   Sampler sampler(plan, model->compute);
//   Trace trace;
//   at::Tensor samples = sampler.run(*denoiser, noise, labels, trace);    // [B,C,H,W] in the model's range
//
// Coefficients are float64 numbers of the plan; the state is float32, or float64 under precision fp64. A step waits for
// no device. Not thread-safe.

#include <functional>

#include "methods/compute.h"
#include "methods/denoiser.h"
#include "methods/noise.h"
#include "methods/solvers/plan.h"

namespace diffbench {

class Sampler {
 public:
  // called after each evaluation with what the network got and gave
  using Observer = std::function<void(double t, const at::Tensor& x, const at::Tensor& eps)>;

  Sampler(solvers::Plan plan, Compute compute);

  // labels [B] int64 on the device, or undefined; appends one EvaluationTrace per evaluation
  at::Tensor run(Denoiser& denoiser, NoiseSource& noise, const at::Tensor& labels, Trace& trace,
                 const Observer& observe = {}) const;

  const solvers::Plan& plan() const { return plan_; }

 private:
  solvers::Plan plan_;
  Compute compute_;
};

// the label of sample i where nobody says otherwise: classes in turn; undefined for an unconditional network
at::Tensor default_labels(const std::vector<int64_t>& samples, int64_t classes, const Compute& compute);

}  // namespace diffbench
