#include "methods/block_cache/spacing.h"

#include <cmath>
#include <complex>
#include <set>

namespace diffbench::methods::block_cache {
namespace {

// of one power; the public code takes roots of negative numbers on the complex branch and keeps the real part
std::set<int64_t> gathered(int64_t places, int64_t count, double center, double power) {
  const auto root = [&](double x) { return std::pow(std::complex<double>(x, 0.0), 1.0 / power); };
  const auto first = root(-center);
  const auto last = root(static_cast<double>(places) - center);
  std::set<int64_t> rounded;
  for (int64_t i = 0; i <= count; ++i) {
    // the ends as they are: the last of an evenly divided interval
    const auto x = i == count ? last : first + (last - first) * (static_cast<double>(i) / static_cast<double>(count));
    rounded.insert(static_cast<int64_t>(std::pow(x, power).real()));
  }
  std::set<int64_t> whole{0};
  for (const int64_t place : rounded) {
    const bool end = place == *rounded.begin() || place == *rounded.rbegin();
    const int64_t at = place + static_cast<int64_t>(center);
    if (!end && at >= 0 && at < places) whole.insert(at);
  }
  return whole;
}

}  // namespace

std::vector<bool> whole_places(const Spacing& spacing, int64_t places) {
  std::vector<bool> whole;
  for (int64_t place = 0; place < places; ++place) whole.push_back(place % spacing.interval == 0);
  const int64_t count = (places + spacing.interval - 1) / spacing.interval;
  for (double power = spacing.power; spacing.quadratic && power > 1.0; power -= 0.02) {
    const auto chosen = gathered(places, count, static_cast<double>(spacing.center), power);
    if (static_cast<int64_t>(chosen.size()) != count) continue;
    whole.assign(static_cast<size_t>(places), false);
    for (const int64_t place : chosen) whole.at(static_cast<size_t>(place)) = true;
    return whole;
  }
  return whole;
}

}  // namespace diffbench::methods::block_cache
