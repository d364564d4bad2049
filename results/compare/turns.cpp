// The contrasts of runs that took turns: a sequence for every look, signed ranks for one, and both together.
#include <algorithm>
#include <cmath>
#include <limits>

#include "results/compare/contrast.h"
#include "results/compare/kth_value.h"
#include "results/compare/signed_rank.h"

namespace diffbench::results {
namespace {

class Sequence final : public Contrast {
 public:
  explicit Sequence(std::span<const double> differences) : differences_(differences.begin(), differences.end()) {}

  double estimate() const override { return median(differences_); }

  std::optional<Interval> interval(double alpha) const override {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    Interval held{-kInfinity, kInfinity};
    std::vector<double> sorted;
    for (const double difference : differences_) {
      sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), difference), difference);
      const std::size_t won = winning_count(sorted.size(), alpha);  // differences above x that win the bet against it
      if (won > sorted.size()) continue;
      held.low = std::max(held.low, sorted[sorted.size() - won]);
      held.high = std::min(held.high, sorted[won - 1]);
    }
    // too few rounds, or every value has been refuted at some time: rounds that are not drawn alike
    if (std::isinf(held.low) || std::isinf(held.high) || held.low > held.high) return std::nullopt;
    return held;
  }

  double p_beyond(double effect) const override {
    double best = 0;
    std::int64_t above = 0;
    std::int64_t below = 0;
    for (std::size_t i = 0; i < differences_.size(); ++i) {
      above += differences_[i] > effect ? 1 : 0;
      below += differences_[i] < -effect ? 1 : 0;
      const auto rounds = static_cast<std::int64_t>(i) + 1;
      const std::int64_t most = std::max(above, below);
      if (2 * most > rounds) best = std::max(best, log_wealth(most, rounds));
    }
    return std::exp(-best);
  }

  std::int64_t n() const override { return static_cast<std::int64_t>(differences_.size()); }
  std::string_view rule() const override { return "median of paired ratios, confidence sequence"; }

  std::int64_t least_n(double alpha) const override {
    std::int64_t least = 1;
    while (log_wealth(least, least) < -std::log(alpha)) ++least;
    return least;
  }

 private:
  // Of a bet with a prior Beta(a, a) on the coin: 2^n B(a + above, a + n - above) / B(a, a).
  static double log_wealth(std::int64_t above, std::int64_t rounds) {
    constexpr double kPrior = 2;
    const auto n = static_cast<double>(rounds);
    const auto s = static_cast<double>(above);
    const auto log_beta = [](double a, double b) { return std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b); };
    return n * std::log(2.0) + log_beta(kPrior + s, kPrior + n - s) - log_beta(kPrior, kPrior);
  }

  // the fewest of n, more than half, whose bet has won 1 / alpha; n + 1: none
  static std::size_t winning_count(std::size_t n, double alpha) {
    std::size_t losing = n / 2;
    std::size_t winning = n + 1;
    while (winning - losing > 1) {
      const std::size_t middle = losing + (winning - losing) / 2;
      const double wealth = log_wealth(static_cast<std::int64_t>(middle), static_cast<std::int64_t>(n));
      (wealth >= -std::log(alpha) ? winning : losing) = middle;
    }
    return winning;
  }

  std::vector<double> differences_;
};

class Centre final : public Contrast {
 public:
  explicit Centre(std::span<const double> differences)
      : sorted_(differences.begin(), differences.end()), distribution_(differences.size()) {
    std::sort(sorted_.begin(), sorted_.end());
  }

  double estimate() const override { return (kth((means() - 1) / 2) + kth(means() / 2)) / 2; }

  std::optional<Interval> interval(double alpha) const override {
    const std::int64_t from = distribution_.largest_below(alpha / 2);
    if (from < 0) return std::nullopt;
    return Interval{kth(from), kth(means() - 1 - from)};
  }

  double p_beyond(double effect) const override {
    const std::int64_t at_most = means_at_most(effect);
    const double below = std::nextafter(-effect, -std::numeric_limits<double>::infinity());
    const std::int64_t at_least = means() - means_at_most(below);
    return std::min(1.0, 2 * std::min(distribution_.at_most(at_most), distribution_.at_most(at_least)));
  }

  std::int64_t n() const override { return static_cast<std::int64_t>(sorted_.size()); }
  std::string_view rule() const override { return "Hodges-Lehmann centre of paired ratios, signed rank interval"; }

  std::int64_t least_n(double alpha) const override {  // all on one side: 2 in 2^n
    std::int64_t least = 1;
    while (SignedRank(static_cast<std::size_t>(least)).at_most(0) > alpha / 2) ++least;
    return least;
  }

 private:
  std::int64_t means() const { return distribution_.means(); }

  // Of the means of all pairs i <= j, counted along one staircase: the higher i, the fewer j are low enough.
  std::int64_t means_at_most(double x) const {
    std::int64_t count = 0;
    std::size_t end = sorted_.size();
    for (std::size_t i = 0; i < end; ++i) {
      while (end > i && (sorted_[i] + sorted_[end - 1]) / 2 > x) --end;
      count += static_cast<std::int64_t>(end - i);
    }
    return count;
  }

  double kth(std::int64_t k) const {
    return kth_value(sorted_.front(), sorted_.back(), k, [&](double x) { return means_at_most(x); });
  }

  std::vector<double> sorted_;
  SignedRank distribution_;
};

// The sequence at kShare of alpha at any time; at the planned end, and only there, signed ranks at what is left of it.
class Turns final : public Contrast {
 public:
  Turns(std::span<const double> differences, bool is_at_planned_end) : sequence_(differences) {
    if (is_at_planned_end) centre_.emplace(differences);
  }

  double estimate() const override { return centre_ ? centre_->estimate() : sequence_.estimate(); }

  std::optional<Interval> interval(double alpha) const override {
    const auto always = sequence_.interval(kShare * alpha);
    const auto at_end = centre_ ? centre_->interval((1 - kShare) * alpha) : std::nullopt;
    if (!always || !at_end) return at_end ? at_end : always;
    const Interval both{std::max(always->low, at_end->low), std::min(always->high, at_end->high)};
    if (both.low > both.high) return std::nullopt;  // rounds that are not drawn alike
    return both;
  }

  double p_beyond(double effect) const override {
    const double always = sequence_.p_beyond(effect) / kShare;
    const double at_end = centre_ ? centre_->p_beyond(effect) / (1 - kShare) : 1;
    return std::min({1.0, always, at_end});
  }

  std::int64_t n() const override { return sequence_.n(); }
  std::string_view rule() const override {
    return centre_ ? "paired ratios, confidence sequence and, at the planned end, signed ranks" : sequence_.rule();
  }
  std::int64_t least_n(double alpha) const override {
    const std::int64_t always = sequence_.least_n(kShare * alpha);
    return centre_ ? std::min(always, centre_->least_n((1 - kShare) * alpha)) : always;
  }

 private:
  static constexpr double kShare = 0.2;  // README.md: what else it could be, and what that costs

  Sequence sequence_;
  std::optional<Centre> centre_{};  // at the planned end
};

template <typename Rule, typename... More>
ContrastPtr made(std::span<const double> differences, More... more) {
  return differences.empty() ? nullptr : std::make_unique<Rule>(differences, more...);
}

}  // namespace

ContrastPtr sequence_of(std::span<const double> differences) { return made<Sequence>(differences); }
ContrastPtr centre_of(std::span<const double> differences) { return made<Centre>(differences); }
ContrastPtr turns_of(std::span<const double> differences, bool is_at_planned_end) {
  return made<Turns>(differences, is_at_planned_end);
}

}  // namespace diffbench::results
