#pragma once
// Inside results/compare only: the k-th of many values that are nowhere written down, where it can be counted how many
// are at most x. Bisection over the bits of doubles: exact, in 64 counts at the most.
//
//   const double median = kth_value(smallest, largest, 12, [&](double x) { return count_at_most(x); });   // k from 0

#include <bit>
#include <cstdint>
#include <limits>
#include <numeric>

namespace diffbench::results {

// doubles as integers in the same order, and back
inline std::int64_t place_of(double x) {
  const auto bits = std::bit_cast<std::int64_t>(x == 0 ? 0.0 : x);  // no negative zero
  return bits < 0 ? std::numeric_limits<std::int64_t>::min() - bits : bits;
}
inline double at_place(std::int64_t place) {
  return std::bit_cast<double>(place < 0 ? std::numeric_limits<std::int64_t>::min() - place : place);
}

template <typename AtMost>
double kth_value(double smallest, double largest, std::int64_t k, const AtMost& at_most) {
  std::int64_t low = place_of(smallest);
  std::int64_t high = place_of(largest);
  while (low < high) {
    const std::int64_t middle = std::midpoint(low, high);  // the distance itself may not fit
    if (at_most(at_place(middle)) > k) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return at_place(low);
}

}  // namespace diffbench::results
