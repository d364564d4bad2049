#include "methods/caches/timetable.h"

#include <algorithm>
#include <functional>

namespace diffbench::caches {

void Timetable::prepare(const std::vector<double>& times) {
  times_.clear();
  meet(times);
  announced_ = !times.empty();
}

void Timetable::meet(const std::vector<double>& times) {
  for (const double t : times) {
    const auto at = std::lower_bound(times_.begin(), times_.end(), t, std::greater<>());
    if (at != times_.end() && *at == t) continue;
    times_.insert(at, t);
    announced_ = false;
  }
}

int64_t Timetable::place(double t) const {
  return std::lower_bound(times_.begin(), times_.end(), t, std::greater<>()) - times_.begin();
}

}  // namespace diffbench::caches
