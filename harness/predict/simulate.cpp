#include "harness/predict/simulate.h"

#include <algorithm>
#include <numeric>
#include <queue>
#include <random>

#include "harness/ranks/dealer.h"

namespace diffbench::predict {
namespace {

constexpr double kAnswerNs =
    5'000;  // the clerk's work on a letter: order of magnitude of a probe, a receive and a send

// a rank that writes to rank 0 at that time
struct Wish {
  double at_ns = 0;
  int rank = 0;
  bool brings_result = false;
  bool operator>(const Wish& other) const { return std::pair(at_ns, rank) > std::pair(other.at_ns, other.rank); }
};

class Simulation {
 public:
  Simulation(const Cluster& cluster, const Work& work)
      : cluster_(cluster),
        work_(work),
        dealer_(work.pieces, static_cast<int>(cluster.ranks.size())),
        random_(work.seed),
        busy_ns_(cluster.ranks.size()) {}

  Forecast run() {
    for (size_t rank = 0; rank < cluster_.ranks.size(); ++rank) wishes_.push({.rank = static_cast<int>(rank)});
    while (!wishes_.empty()) {
      const Wish wish = wishes_.top();
      wishes_.pop();
      answer(wish);
    }
    return forecast();
  }

 private:
  // All letters come in through rank 0's one link, one after the other.
  double arrival_ns(const Wish& wish) {
    if (wish.rank == 0) return wish.at_ns;
    const double bytes = wish.brings_result ? work_.result_bytes : 0;
    link_free_ns_ = std::max(wish.at_ns + cluster_.link.latency_ns, link_free_ns_) + bytes / cluster_.link.bytes_per_ns;
    return link_free_ns_;
  }

  // Rank 0's own wish needs no clerk, its result does.
  void answer(const Wish& wish) {
    const double arrived_ns = arrival_ns(wish);
    double answered_ns = arrived_ns;
    if (wish.rank != 0) {
      const double begun_ns = std::max(arrived_ns, clerk_free_ns_);
      answered_ns = begun_ns + kAnswerNs;
      occupy_clerk(answered_ns, kAnswerNs);
    }
    if (wish.brings_result) {
      const double begun_ns = std::max(answered_ns, clerk_free_ns_);
      occupy_clerk(begun_ns + work_.storing_ns, work_.storing_ns);
      end_ns_ = std::max(end_ns_, clerk_free_ns_);
    }
    const auto piece = dealer_.deal(wish.rank, static_cast<std::int64_t>(answered_ns));
    if (!piece) return;
    const double begins_ns = answered_ns + (wish.rank == 0 ? 0 : cluster_.link.latency_ns);
    const double takes_ns =
        work_.piece_ns[draw_(random_) % work_.piece_ns.size()] / cluster_.ranks[static_cast<size_t>(wish.rank)].speed;
    busy_ns_[static_cast<size_t>(wish.rank)] += takes_ns;
    wishes_.push({.at_ns = begins_ns + takes_ns, .rank = wish.rank, .brings_result = true});
  }

  void occupy_clerk(double until_ns, double work_ns) {
    clerk_free_ns_ = until_ns;
    clerk_ns_ += work_ns;
  }

  Forecast forecast() const {
    const double mean_ns =
        std::accumulate(work_.piece_ns.begin(), work_.piece_ns.end(), 0.0) / static_cast<double>(work_.piece_ns.size());
    const double speed = std::accumulate(cluster_.ranks.begin(), cluster_.ranks.end(), 0.0,
                                         [](double sum, const Rank& rank) { return sum + rank.speed; });
    Forecast result{.wall_ns = end_ns_};
    result.efficiency = static_cast<double>(work_.pieces) * mean_ns / speed / end_ns_;
    const double busy_ns = std::accumulate(busy_ns_.begin(), busy_ns_.end(), 0.0);
    result.imbalance =
        *std::max_element(busy_ns_.begin(), busy_ns_.end()) / (busy_ns / static_cast<double>(busy_ns_.size()));
    result.clerk_share = clerk_ns_ / end_ns_;
    const double each_ns = static_cast<double>(work_.pieces) / static_cast<double>(cluster_.ranks.size());
    if (result.efficiency > 0.95) {
      result.limit = "nothing: the ranks";
    } else if (result.clerk_share > 0.8) {
      result.limit = "rank 0, which stores what all make";
    } else if (each_ns < 10) {
      result.limit = "too few batches: the last ones are waited for";
    } else {
      result.limit = "the link, and waiting for rank 0";
    }
    return result;
  }

  const Cluster& cluster_;
  const Work& work_;
  ranks::Dealer dealer_;
  std::mt19937_64 random_;
  std::uniform_int_distribution<size_t> draw_;
  std::priority_queue<Wish, std::vector<Wish>, std::greater<>> wishes_;
  std::vector<double> busy_ns_;  // by rank
  double link_free_ns_ = 0;
  double clerk_free_ns_ = 0;
  double clerk_ns_ = 0;
  double end_ns_ = 0;
};

}  // namespace

Forecast simulate(const Cluster& cluster, const Work& work) { return Simulation(cluster, work).run(); }

}  // namespace diffbench::predict
