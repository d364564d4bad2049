#pragma once
// S(t) from measured losses: the blocks to drop per bin of t that cost the least loss for the FLOPs that they save.
//
//   GreedyDepths found = greedy_depths(losses, flops, 7, 0.75);
//   found.depths;                         // e.g. {13, 13, 11, 11, 9, 9, 7, 7, 7, 7}
//
// Greedy: from all blocks everywhere, each move takes one bin to a lower depth, the one with the least loss added per
// FLOP saved, until the budget is met. A move may skip depths, so a bump in the loss of one depth is no wall.

#include <cstdint>
#include <vector>

namespace diffbench::methods::static_schedule {

struct GreedyDepths {
  std::vector<int64_t> depths;  // per bin, from data to noise
  double loss = 0.0;            // mean over bins at these depths
  double full_loss = 0.0;       // at all blocks
  double flops_share = 0.0;     // of all blocks, mean over bins
};

// losses[bin][k]: mean loss of bin when `first_depth` + k blocks run; the last k is all blocks. flops[k]: of one
// evaluation at that depth, rising. `budget`: share of flops.back() that the mean over bins may cost; where even the
// lowest depths cost more, the lowest depths are the result.
GreedyDepths greedy_depths(const std::vector<std::vector<double>>& losses, const std::vector<double>& flops,
                           int64_t first_depth, double budget);

}  // namespace diffbench::methods::static_schedule
