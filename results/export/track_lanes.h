#pragma once
// Inside results/export only: which lane of a track a slice goes to, so that the slices of a lane nest. A slice that
// overlaps another without lying inside it (two threads of one ordinal, clocks that disagree) opens the next lane.
//
//   TrackLanes lanes;
//   std::size_t lane = lanes.place(begin_ns, end_ns, [&](std::size_t lane, std::int64_t end_ns) { ... });
//   lanes.finish(on_end);
//
// Slices must come in the order of their begin. `on_end` is called when a slice is known to be over, before the begin
// of the next one on its lane: what formats with begin and end events need. Memory: the slices that are open.

#include <cstdint>
#include <vector>

namespace diffbench::results {

class TrackLanes {
 public:
  template <class OnEnd>
  std::size_t place(std::int64_t begin_ns, std::int64_t end_ns, OnEnd&& on_end) {
    for (std::size_t lane = 0;; ++lane) {
      if (lane == open_.size()) open_.emplace_back();
      std::vector<std::int64_t>& ends = open_[lane];
      for (; !ends.empty() && ends.back() <= begin_ns; ends.pop_back()) on_end(lane, ends.back());
      if (ends.empty() || end_ns <= ends.back()) {
        ends.push_back(end_ns);
        return lane;
      }
    }
  }
  template <class OnEnd>
  void finish(OnEnd&& on_end) {
    for (std::size_t lane = 0; lane < open_.size(); ++lane) {
      for (auto& ends = open_[lane]; !ends.empty(); ends.pop_back()) on_end(lane, ends.back());
    }
  }

 private:
  std::vector<std::vector<std::int64_t>> open_{};  // [lane]: ends, the innermost last
};

}  // namespace diffbench::results
