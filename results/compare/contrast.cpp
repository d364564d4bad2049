#include "results/compare/contrast.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

#include "results/compare/kth_value.h"
#include "results/compare/rank_sum.h"

namespace diffbench::results {
namespace {

// For contrasts that know their interval alone: the level at which it clears the effect, by bisection of its logarithm.
double p_from_interval(const Contrast& contrast, double effect) {
  const auto clears = [&](double log_alpha) {
    const auto interval = contrast.interval(std::exp(log_alpha));
    return interval && (interval->low > effect || interval->high < -effect);
  };
  double high = std::log(0.999);
  double low = std::log(1e-12);
  if (!clears(high)) return 1;
  if (clears(low)) return std::exp(low);
  for (int step = 0; step < 40; ++step) {
    const double middle = (low + high) / 2;
    (clears(middle) ? high : low) = middle;
  }
  return std::exp(high);
}

// All differences of two samples without writing them down: of two sorted samples, how many differences are at most x
// is counted along one staircase.
class Differences {
 public:
  Differences(std::span<const double> older, std::span<const double> newer)
      : older_(older.begin(), older.end()), newer_(newer.begin(), newer.end()) {
    std::sort(older_.begin(), older_.end());
    std::sort(newer_.begin(), newer_.end());
  }

  std::int64_t size() const { return static_cast<std::int64_t>(older_.size() * newer_.size()); }

  std::int64_t at_most(double x) const {
    std::int64_t count = 0;
    std::size_t above = 0;  // the first of the newer that lies further away
    for (const double before : older_) {
      while (above < newer_.size() && newer_[above] - before <= x) ++above;
      count += static_cast<std::int64_t>(above);
    }
    return count;
  }

  double kth(std::int64_t k) const {  // from 0
    return kth_value(newer_.front() - older_.back(), newer_.back() - older_.front(), k,
                     [&](double x) { return at_most(x); });
  }

  double median() const { return (kth((size() - 1) / 2) + kth(size() / 2)) / 2; }

 private:
  std::vector<double> older_;
  std::vector<double> newer_;
};

class Shift final : public Contrast {
 public:
  Shift(std::span<const double> older, std::span<const double> newer)
      : n_(static_cast<std::int64_t>(std::min(older.size(), newer.size()))),
        distribution_(older.size(), newer.size()),
        differences_(older, newer) {}

  double estimate() const override { return differences_.median(); }

  std::optional<Interval> interval(double alpha) const override {
    const std::int64_t from = distribution_.largest_below(alpha / 2);
    if (from < 0) return std::nullopt;
    return Interval{differences_.kth(from), differences_.kth(differences_.size() - 1 - from)};
  }

  double p_beyond(double effect) const override {
    const auto below = [&](double x) {  // strictly
      return differences_.at_most(std::nextafter(x, -std::numeric_limits<double>::infinity()));
    };
    const std::int64_t at_most = differences_.at_most(effect);
    const std::int64_t at_least = differences_.size() - below(-effect);
    return std::min(1.0, 2 * std::min(distribution_.at_most(at_most), distribution_.at_most(at_least)));
  }

  std::int64_t n() const override { return n_; }
  std::string_view rule() const override { return "Hodges-Lehmann shift, rank sum interval"; }

  std::int64_t least_n(double alpha) const override {
    std::int64_t least = 1;
    while (RankSum(static_cast<std::size_t>(least), static_cast<std::size_t>(least)).at_most(0) > alpha / 2) ++least;
    return least;
  }

 private:
  std::int64_t n_;
  RankSum distribution_;
  Differences differences_;
};

class Percentile final : public Contrast {
 public:
  Percentile(std::span<const double> older, std::span<const double> newer, double q)
      : older_(older.begin(), older.end()), newer_(newer.begin(), newer.end()), q_(q) {}

  double estimate() const override { return quantile(newer_, q_) - quantile(older_, q_); }
  std::optional<Interval> interval(double alpha) const override {
    const auto before = quantile_interval(older_, q_, 1 - alpha / 2);
    const auto after = quantile_interval(newer_, q_, 1 - alpha / 2);
    if (!before || !after) return std::nullopt;
    return Interval{after->low - before->high, after->high - before->low};
  }
  double p_beyond(double effect) const override { return p_from_interval(*this, effect); }
  std::int64_t n() const override { return static_cast<std::int64_t>(std::min(older_.size(), newer_.size())); }
  std::string_view rule() const override { return "order statistics of both runs"; }

  std::int64_t least_n(double alpha) const override {  // the largest value has to lie above the percentile often enough
    return static_cast<std::int64_t>(std::ceil(std::log(alpha / 4) / std::log(std::max(q_, 1 - q_))));
  }

 private:
  std::vector<double> older_;
  std::vector<double> newer_;
  double q_;
};

class Student final : public Contrast {
 public:
  Student(double difference, double standard_error, double degrees_of_freedom)
      : difference_(difference), standard_error_(standard_error), distribution_(degrees_of_freedom) {}

  double estimate() const override { return difference_; }
  std::optional<Interval> interval(double alpha) const override {
    const double reach =
        standard_error_ * boost::math::quantile(boost::math::complement(distribution_, std::min(alpha, 1.0) / 2));
    return Interval{difference_ - reach, difference_ + reach};
  }
  double p_beyond(double effect) const override {
    const double beyond = std::abs(difference_) - effect;
    if (beyond <= 0) return 1;
    return 2 * boost::math::cdf(boost::math::complement(distribution_, beyond / standard_error_));
  }
  std::int64_t n() const override { return static_cast<std::int64_t>(distribution_.degrees_of_freedom()) + 1; }
  std::string_view rule() const override { return "difference over its standard error, Student's t"; }
  std::int64_t least_n(double /*alpha*/) const override { return 2; }

 private:
  double difference_;
  double standard_error_;
  boost::math::students_t distribution_;
};

class Exact final : public Contrast {
 public:
  explicit Exact(double difference) : difference_(difference) {}
  double estimate() const override { return difference_; }
  std::optional<Interval> interval(double /*alpha*/) const override { return Interval{difference_, difference_}; }
  double p_beyond(double effect) const override { return std::abs(difference_) > effect ? 0 : 1; }
  std::int64_t n() const override { return 1; }
  std::string_view rule() const override { return "one value of each run"; }
  bool is_certain() const override { return true; }
  std::int64_t least_n(double /*alpha*/) const override { return 1; }

 private:
  double difference_;
};

}  // namespace

ContrastPtr shift_of(std::span<const double> older, std::span<const double> newer) {
  return older.empty() || newer.empty() ? nullptr : std::make_unique<Shift>(older, newer);
}

ContrastPtr percentile_of(std::span<const double> older, std::span<const double> newer, double q) {
  return older.empty() || newer.empty() ? nullptr : std::make_unique<Percentile>(older, newer, q);
}

ContrastPtr student_of(double difference, double standard_error, double degrees_of_freedom) {
  if (standard_error <= 0) return exact_of(difference);
  return std::make_unique<Student>(difference, standard_error, degrees_of_freedom);
}

ContrastPtr exact_of(double difference) { return std::make_unique<Exact>(difference); }

}  // namespace diffbench::results
