#pragma once
// Where a row stands on its way from noise to data: caches count in places, not in evaluations.
//
//   Timetable times;
//   times.prepare({999, 500, 500, 0});   // of the plan
//   times.place(500.0);                  // 1: evaluations at one time share a place
//   times.is_last(0.0);
//
// A solver that looks at one time twice (Heun's corrector and the next predictor, say) has one place there, so that a
// timetable of every second place does not fall on predictors alone. Solvers whose steps look at several times
// (DPM-Solver-3) have as many places a step.

#include <cstdint>
#include <vector>

namespace diffbench::caches {

class Timetable {
 public:
  // the times of the plan, in place of those that were known
  void prepare(const std::vector<double>& times);
  // times that nobody announced get a place as they come; which is the last, and how many there will be, is not known
  void meet(const std::vector<double>& times);
  // known times noisier than t
  int64_t place(double t) const;
  bool is_last(double t) const { return announced_ && place(t) + 1 == count(); }
  // 0 where it is not known
  int64_t count() const { return announced_ ? static_cast<int64_t>(times_.size()) : 0; }

 private:
  std::vector<double> times_;  // from noise to data, each once
  bool announced_ = false;
};

}  // namespace diffbench::caches
