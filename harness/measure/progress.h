#pragma once
// One progress line on stderr, rewritten in place on a terminal, at most once a second elsewhere.
//
//   Progress progress(world.rank() == 0, "timing", rounds);
//   progress.advance(1);                       // estimates the time left from the pace so far
//   progress.advance(1, seconds_left);         // or says what the caller knows better

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace diffbench::measure {

class Progress {
 public:
  Progress(bool visible, std::string phase, int64_t total);
  ~Progress();
  Progress(const Progress&) = delete;  // owns the line
  Progress& operator=(const Progress&) = delete;

  void advance(int64_t count, std::optional<double> seconds_left = {});

 private:
  void print(double seconds_left);

  bool visible_;
  bool terminal_;
  std::string phase_;
  int64_t total_;
  int64_t done_ = 0;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point printed_{};
};

}  // namespace diffbench::measure
