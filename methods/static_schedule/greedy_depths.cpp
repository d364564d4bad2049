#include "methods/static_schedule/greedy_depths.h"

namespace diffbench::methods::static_schedule {
namespace {

struct Move {
  size_t bin = 0;
  size_t depth = 0;
  double loss_per_flop = 0.0;
  bool found = false;
};

// ties go to the noisier bin, where papers find exits to hurt least, and to the smaller step
Move cheapest_move(const std::vector<std::vector<double>>& losses, const std::vector<double>& flops,
                   const std::vector<size_t>& now) {
  Move best;
  for (size_t bin = 0; bin < now.size(); ++bin) {
    for (size_t depth = 0; depth < now[bin]; ++depth) {
      const double price = (losses[bin][depth] - losses[bin][now[bin]]) / (flops[now[bin]] - flops[depth]);
      if (!best.found || price <= best.loss_per_flop) {
        best = {bin, depth, price, true};
      }
    }
  }
  return best;
}

}  // namespace

GreedyDepths greedy_depths(const std::vector<std::vector<double>>& losses, const std::vector<double>& flops,
                           int64_t first_depth, double budget) {
  const auto bins = static_cast<double>(losses.size());
  std::vector<size_t> now(losses.size(), flops.size() - 1);
  const auto mean_of = [&](const auto& value) {
    double sum = 0.0;
    for (size_t bin = 0; bin < now.size(); ++bin) {
      sum += value(bin);
    }
    return sum / bins;
  };
  const auto loss = [&] { return mean_of([&](size_t bin) { return losses[bin][now[bin]]; }); };
  const auto share = [&] { return mean_of([&](size_t bin) { return flops[now[bin]] / flops.back(); }); };

  GreedyDepths result;
  result.full_loss = loss();
  while (share() > budget) {
    const Move move = cheapest_move(losses, flops, now);
    if (!move.found) {
      break;
    }
    now[move.bin] = move.depth;
  }
  result.loss = loss();
  result.flops_share = share();
  for (const size_t depth : now) {
    result.depths.push_back(first_depth + static_cast<int64_t>(depth));
  }
  return result;
}

}  // namespace diffbench::methods::static_schedule
