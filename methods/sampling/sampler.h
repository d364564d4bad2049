#pragma once
// The one sampling loop: executes a solver's plan (solvers/plan.h) on a batch, calling a denoiser. It knows no solver
// and no method.
//
//   Sampler sampler(plan, *model);
//   Trace trace;
//   at::Tensor samples = sampler.run(*denoiser, noise, labels, trace);    // [B,C,H,W] in the model's range
//
// run() is start() and advance() to the end. Rows of one batch may also stand at different evaluations, as continuous
// batching needs:
//   denoiser->begin(new_noise.samples());
//   auto batch = join(running, sampler.start(new_noise));                  // the new rows stand at evaluation 0
//   sampler.advance(batch, *denoiser, noise_of_all, labels, trace);        // one network call for all of them
//
// Coefficients are float64 numbers of the plan; the state is float32, or float64 under precision fp64. A step waits for
// no device. Not thread-safe.

#include <functional>
#include <vector>

#include "methods/model/model.h"
#include "methods/sampling/denoiser.h"
#include "methods/sampling/noise.h"
#include "methods/solvers/plan.h"

namespace diffbench {

// trajectories under way
struct Trajectories {
  std::vector<at::Tensor> registers;  // [plan.registers] of [B,C,H,W]; 0 is the state, in the end the sample
  std::vector<size_t> next;           // [B]: the evaluation that each row comes to next
  std::vector<Member> members;        // [B]: whose rows they are
};

Trajectories join(const Trajectories& first, const Trajectories& second);
Trajectories select(const Trajectories& trajectories, const std::vector<int64_t>& rows);

class Sampler {
 public:
  // called after each evaluation of the whole batch with what the network got and gave; t of the first row
  using Observer = std::function<void(double t, const at::Tensor& x, const at::Tensor& eps)>;

  // InputError where the plan needs a variance that the model does not predict
  Sampler(solvers::Plan plan, const Model& model);

  // prompt: labels or text on the device, or neither; appends one EvaluationTrace per evaluation
  at::Tensor run(Denoiser& denoiser, NoiseSource& noise, const Prompt& prompt, Trace& trace,
                 const Observer& observe = {}) const;

  Trajectories start(NoiseSource& noise) const;
  // one evaluation of every row; none of them may be finished. `noise` has a row for each, in the same order.
  void advance(Trajectories& trajectories, Denoiser& denoiser, NoiseSource& noise, const Prompt& prompt,
               EvaluationTrace& trace, const Observer& observe = {}) const;
  bool is_finished(const Trajectories& trajectories, size_t row) const {
    return trajectories.next[row] == plan_.evaluations.size();
  }

  const solvers::Plan& plan() const { return plan_; }

 private:
  solvers::Plan plan_;
  Compute compute_;
  int64_t channels_;
  bool learned_sigma_;
};

// the model times of its evaluations: what Denoiser::prepare is told
std::vector<double> times_of(const solvers::Plan& plan);

// the label of sample i where nobody says otherwise: classes in turn; undefined for an unconditional network
at::Tensor default_labels(const std::vector<int64_t>& samples, int64_t classes, const Compute& compute);

}  // namespace diffbench
