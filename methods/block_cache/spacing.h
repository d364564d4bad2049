#pragma once
// Which places of a plan run whole: every interval-th, or as many of them gathered around a center, as DeepCache's
// non-uniform schedule does.
//
//   whole_places({.interval = 3}, 7);    // places 0, 3 and 6

#include <cstdint>
#include <vector>

namespace diffbench::methods::block_cache {

struct Spacing {
  int64_t interval = 2;
  bool quadratic = false;
  double power = 1.4;
  int64_t center = 15;
};

// By place. Quadratic: count = ceil(places / interval) whole places at center + trunc(x^power) for equally spaced x
// from -center^(1/power) to (places - center)^(1/power), the sign kept and the power lowered by 0.02 until they are as
// many different ones; the first is place 0 (DeepCache, arXiv 2312.00858, sample_from_quad_center of its code). Uniform
// where no power does.
std::vector<bool> whole_places(const Spacing& spacing, int64_t places);

}  // namespace diffbench::methods::block_cache
