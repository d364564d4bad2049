#pragma once
// What n bounded, independent losses say about their expectation.
//
//   std::vector<double> losses = ...;                                           // in [0, 1]
//   double upper = wsr_upper_bound(losses, 0.1);                                // P(expectation > upper) <= 0.1
//   double p = hoeffding_bentkus_p_value(losses, 0.05);                         // of "the expectation exceeds 0.05"
//
// The callers have scaled the losses to at most 1 and checked that there is at least one.

#include <span>

namespace diffbench::risk_control {

// summed in extended precision, so that a mean that equals a round number compares equal to it
double mean(std::span<const double> values);

// The upper confidence bound by betting of Waudby-Smith and Ramdas (arXiv 2010.09686), as arXiv 2101.02703 uses it:
// with
//   mu_i = (1/2 + sum_{j<=i} x_j) / (i + 1),  s2_i = (1/4 + sum_{j<=i} (x_j - mu_j)^2) / (i + 1),  s2_0 = 1/4,
//   nu_i = min(sqrt(2 ln(1/delta) / (n s2_{i-1})), 1),
// the root in m of max_i sum_{j<=i} ln(1 - nu_j (x_j - m)) + ln(delta). It depends on the order of the losses, which
// must not depend on their values. `losses`: at most 1, negative ones allowed. The answer lies in [0, 1]: below 0 the
// argument does not hold for losses that may reach 1.
double wsr_upper_bound(std::span<const double> losses, double delta);

// min( e P(Binomial(n, epsilon) <= ceil(sum of losses)), exp(-n h1(min(mean, epsilon), epsilon)) ), at most 1, with
// h1(a, b) = a ln(a/b) + (1-a) ln((1-a)/(1-b)) (arXiv 2110.01052). `losses` in [0, 1], epsilon in (0, 1).
double hoeffding_bentkus_p_value(std::span<const double> losses, double epsilon);

}  // namespace diffbench::risk_control
