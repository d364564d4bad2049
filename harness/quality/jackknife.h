#pragma once
// How far a quality value, or the difference of two, can be trusted: a jackknife over groups of samples.
//
//   Replicates method = ..., full = ...;                  // any metric: its value, and that without each group
//   QualityEstimate fid = estimate_of(method);            // fid.value, fid.interval->low .. high
//   QualityEstimate gap = difference_of(method, full);    // method minus baseline, on the same samples
//
// Sample i is in group group_of(i), one of 20, in `run` and in `fid` alike. With T the statistic of all n samples, T_g
// that without the m_g samples of group g, and h_g = n / m_g (delete-m jackknife for unequal m: Busing, Meijer and van
// der Leeden 1999, Statistics and Computing 9, 3-8):
//   corrected      J = G T - sum_g (1 - 1 / h_g) T_g
//   standard error SE^2 = 1/G sum_g (h_g T - (h_g - 1) T_g - J)^2 / (h_g - 1)
//   interval       T +- t(1 - alpha/2; G - 1) * SE, Student's t
//   bias           T - J: what the finite number of samples adds to T (FID falls towards its limit as 1/N)
// The reference is taken as fixed, so its own sampling error is in no interval. Use the paired form to compare two
// methods: the same groups (the same seeds) of both are left out together, and what they share cancels. What the
// intervals cover, measured: README.md.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace diffbench::quality {

inline constexpr int64_t kJackknifeGroups = 20;
inline constexpr int64_t kLeastPerGroup = 2;  // with fewer samples there is a value and no interval
inline constexpr int64_t kLeastForIntervals = kJackknifeGroups * kLeastPerGroup;

struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

struct JackknifeInterval {
  double low = 0.0;
  double high = 0.0;
  double standard_error = 0.0;
  double bias = 0.0;
};

struct QualityEstimate {
  double value = 0.0;  // of all samples, not corrected for bias
  std::optional<JackknifeInterval> interval{};
  std::string rule{};  // how the interval came about, or why there is none
  double confidence = 0.95;
  int64_t count = 0;
};

// The group of a sample: every run of 20 samples has one in each group, in an order turned by a hash of the run's
// number. By turns alone would not do: classes come in turn too, and a group would hold one class only.
int64_t group_of(int64_t sample);

// [count, 20] float64, 1 where sample first + row is in the group: sums by group are products with it
at::Tensor group_matrix(int64_t first, int64_t count);
std::vector<int64_t> group_sizes(int64_t count);

// a statistic of all samples and of all but one group
struct Replicates {
  double value = 0.0;
  std::vector<double> left_out{};  // empty: too few samples for an interval
  std::vector<int64_t> sizes{};    // samples by group
  int64_t count() const;
  bool has_groups() const;  // whether every group has kLeastPerGroup samples
};

// the mean of one number per sample [N], sample i being number i
Replicates mean_replicates(const at::Tensor& values);

QualityEstimate estimate_of(const Replicates& replicates, Range range = {}, double confidence = 0.95);

// both of the same samples (InputError where the groups differ in size)
QualityEstimate difference_of(const Replicates& method, const Replicates& baseline, double confidence = 0.95);

// of a statistic that sums by group give: `without(g)` is it without group g, `without(-1)` that of all samples
Replicates replicates_of(int64_t count, const std::function<double(int64_t left_out)>& without);

// the formulas above on numbers: `left_out[g]` is the statistic without the sizes[g] samples of group g
JackknifeInterval jackknife(double value, std::span<const double> left_out, std::span<const int64_t> sizes,
                            double confidence);

}  // namespace diffbench::quality
