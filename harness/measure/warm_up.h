#pragma once
// When a cell is warm: the last two windows of repetitions agree, or the time for it is spent.
//
//   WarmUp warm_up(10.0);                     // seconds
//   while (!warm_up.is_over()) warm_up.add(repeat().duration_ns);
//   store(warm_up.durations_ns(), warm_up.converged(), warm_up.reason());
//
// A window is two repetitions, and two windows agree when their medians differ by at most 5 %: so four repetitions at
// the least, unless the time is spent before. Pure: time is the sum of the durations it is given.

#include <cstdint>
#include <string>
#include <vector>

namespace diffbench::measure {

class WarmUp {
 public:
  explicit WarmUp(double max_seconds) : max_seconds_(max_seconds) {}

  void add(int64_t duration_ns) { durations_ns_.push_back(duration_ns); }
  bool is_over() const { return converged() || is_spent(); }
  bool converged() const;
  std::string reason() const { return converged() ? "windows_agree" : "max_seconds"; }
  const std::vector<int64_t>& durations_ns() const { return durations_ns_; }

 private:
  bool is_spent() const;

  double max_seconds_;
  std::vector<int64_t> durations_ns_;
};

}  // namespace diffbench::measure
