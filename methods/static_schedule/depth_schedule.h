#pragma once
// S(t): how many blocks run at model time t, piecewise constant over equal bins of the training times (ASE, Moon et
// al., ICML 2024, arXiv 2408.05927). As an exit policy: rows leave after S(t) blocks and pass through what remains of
// the others (on the U-ViT the `skip_linear` of dropped decoder blocks).
//
//   DepthSchedule schedule({13, 13, 11, 11, 9, 9, 7, 7, 7, 7}, noise_schedule, backbone, "suite.toml:8: depths");
//   schedule.depth(999.0);    // 7

#include <string>
#include <vector>

#include "methods/exits/exit_policy.h"
#include "methods/solvers/noise_schedule.h"

namespace diffbench::methods::static_schedule {

class DepthSchedule : public exits::ExitPolicy {
 public:
  // depths[b] for t in bin b of depths.size() equal bins from data to noise; InputError "<where>: ..." when one is
  // below what the backbone can bypass from, or above its block count
  DepthSchedule(std::vector<int64_t> depths, const solvers::NoiseSchedule& schedule,
                const backbones::Backbone& backbone, const std::string& where);

  int64_t depth(double t) const;

  std::optional<int> planned_blocks(double t) const override { return static_cast<int>(depth(t)); }
  bool bypasses_dropped_blocks() const override { return true; }

 private:
  std::vector<int64_t> depths_;
  double times_per_bin_;
};

// A named schedule in ten bins of t, for any depth: written for the 28 blocks of the authors' network, scaled to
// `block_count` and raised to `least`.
//   light   28,28,26,26,24,24,22,22,20,20   half of what demo drops
//   demo    28,28,24,24,20,20,16,16,12,12   the only schedule in the authors' code (28.6 % of the blocks dropped)
//   heavy   28,24,20,16,12,12,12,12,12,12   as deep as demo near the data, at its least from t = 400 on
struct NamedSchedule {
  const char* name;
  std::vector<int> of_28;
};
const std::vector<NamedSchedule>& named_schedules();
std::vector<std::string> schedule_names();
// `name` is one of schedule_names()
std::vector<int64_t> named_depths(const std::string& name, int64_t block_count, int64_t least);

}  // namespace diffbench::methods::static_schedule
