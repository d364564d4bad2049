#pragma once
// Holm's step-down rule (Scandinavian Journal of Statistics 6 (1979) 65-70): at which level each of several comparisons
// is judged, so that with probability 1 - alpha none of their claims is false.
//
//   const std::vector<double> levels = holm_levels(p_values, 0.05);   // claim i stands when p_values[i] <= levels[i]
//
// The smallest p value of m is held against alpha / m, the next one against alpha / (m - 1), until one fails; it and
// all after it are held against the level at which it failed.

#include <span>
#include <vector>

namespace diffbench::results {

std::vector<double> holm_levels(std::span<const double> p_values, double alpha);

}  // namespace diffbench::results
