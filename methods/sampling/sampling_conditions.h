#pragma once
// Everything about a trajectory that is neither the network nor the method, as one line: a calibration holds for
// exactly these conditions.
//
//   sampling_conditions(sampler.plan(), guidance, model->compute);
//   // "ddim trailing 20 steps, plan 5c1f2e..., guidance 1, fp32"

#include <string>

#include "methods/sampling/guidance.h"
#include "methods/solvers/plan.h"

namespace diffbench {

// two plans with one line have the same times and coefficients
std::string sampling_conditions(const solvers::Plan& plan, const Guidance& guidance, const Compute& compute);

}  // namespace diffbench
