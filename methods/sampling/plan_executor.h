#pragma once
// Applies a plan's updates to a batch in one pass over memory (kernels/linear_combination). Rows may stand at different
// evaluations: each has its own coefficients.
//
//   apply_updates(registers, {&evaluation.updates, &evaluation.updates}, {.eps = eps, .noise = noise});   // two rows
//
// Does not wait for the device.

#include <ATen/core/Tensor.h>

#include <vector>

#include "methods/solvers/plan.h"

namespace diffbench {

// what terms name beside the registers, each [B,C,H,W] or undefined where no row uses it
struct PlanSources {
  at::Tensor eps;
  at::Tensor noise;
  at::Tensor unclipped_eps;
};

// registers [plan.registers] of [B,C,H,W], contiguous and of one dtype, changed in place; `updates` holds one list of
// assignments per row (pointers may repeat)
void apply_updates(std::vector<at::Tensor>& registers,
                   const std::vector<const std::vector<solvers::Assignment>*>& updates, const PlanSources& sources);

// The eps that predicts clipped data. state: registers[0]; evaluations: one per row.
at::Tensor clip_eps(const solvers::Clipping& clipping, const at::Tensor& state, const at::Tensor& eps,
                    const std::vector<const solvers::Evaluation*>& evaluations);

// noise scaled element by element by the network's v [B,C,H,W] within each row's range
at::Tensor scale_by_learned_variance(const at::Tensor& noise, const at::Tensor& v,
                                     const std::vector<const solvers::Evaluation*>& evaluations);

// one number per row, as a tensor that multiplies [B,C,H,W]; a plain scalar tensor where all rows agree
at::Tensor per_row(const at::Tensor& like, const std::vector<double>& values);

}  // namespace diffbench
