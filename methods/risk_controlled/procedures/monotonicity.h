#pragma once
// Does the mean loss rise from threshold to threshold, as conformal risk control assumes?
//
//   Monotonicity check = check_monotonicity(table);
//   if (check.violated()) { ... a procedure that does not assume it: ltt_hb ... }
//
// A drop is a stretch of columns whose mean lies under an earlier column's. Its size is measured between that earlier
// maximum and the lowest column of the stretch, on the same units, so the standard error is that of a paired
// difference.

#include <cstddef>
#include <vector>

#include "methods/risk_controlled/procedures/loss_table.h"

namespace diffbench::risk_control {

// drops beyond so many standard errors are more than noise; 3 rather than 2 because the largest of many is looked at
inline constexpr double kDropStandardErrors = 3.0;

struct Drop {
  size_t from = 0;              // column of the earlier maximum
  size_t to = 0;                // lowest column before the mean is back
  double size = 0.0;            // mean at `from` minus mean at `to`, positive
  double standard_error = 0.0;  // infinite for one unit

  bool beyond_noise() const { return size > kDropStandardErrors * standard_error; }
};

struct Monotonicity {
  std::vector<Drop> drops;  // in order of `from`; empty: the mean never falls

  bool violated() const;
};

// `table` has passed check()
Monotonicity check_monotonicity(const LossTable& table);

}  // namespace diffbench::risk_control
