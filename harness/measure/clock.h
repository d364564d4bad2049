#pragma once
// Where the time comes from: a seam, so that the rules for warm-up, rounds and stopping are tested with made-up
// durations.
//
//   SteadyClock clock;
//   const int64_t start = clock.now_ns();

#include <cstdint>

namespace diffbench::measure {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t now_ns() const = 0;  // since some instant; never goes back
};

class SteadyClock : public Clock {
 public:
  int64_t now_ns() const override;
};

}  // namespace diffbench::measure
