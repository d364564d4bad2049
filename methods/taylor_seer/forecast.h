#pragma once
// What a branch would give, from what it gave: a weighted sum of its kept outputs.
//
//   const auto weights = taylor_weights({4, 7, 10}, 12, 2);   // of the outputs at places 4, 7 and 10, at place 12
//
// Every function takes the places of the outputs, oldest first, and uses the newest order + 1 of them.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace diffbench::methods::taylor_seer {

using Places = std::vector<int64_t>;

// sum_i D_i x^i / i! with x = place - newest; D_0 the newest output, D_i+1 the change of D_i over the places between it
// and the one before (TaylorSeer, arXiv 2503.06923, eq. 3 and 4)
std::vector<double> taylor_weights(const Places& places, int64_t place, int64_t order);
// the same with scale^i H_i(scale x) for x^i, H_i the physicists' Hermite polynomials (HiCache, arXiv 2508.16984)
std::vector<double> hermite_weights(const Places& places, int64_t place, int64_t order, double scale);
// the polynomial through the outputs; equally spaced, the sum of AB-Cache (arXiv 2504.10540): 2, -1; 3, -3, 1; ...
std::vector<double> adams_bashforth_weights(const Places& places, int64_t place, int64_t order);

// The outputs as a sum of exponentials (dynamic mode decomposition), each row by itself, over the newest equally spaced
// ones; fewer than four of them: none. [rows, outputs] float64 on the host (cache-dit's DMDCalibrator: modes below 1e-4
// of the largest singular value are dropped, 1e-8 is added to the others)
at::Tensor dmd_weights(const std::vector<at::Tensor>& outputs, const Places& places, int64_t place);

}  // namespace diffbench::methods::taylor_seer
