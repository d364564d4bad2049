#pragma once
// How far an FID, or the difference of two, can be trusted: a jackknife over groups of samples.
//
//   FidGroups groups(reference.gaussian().mean);
//   groups.add(features, first_sample);                               // piece by piece, whatever the pieces
//   FidReplicates method = groups.replicates(reference);              // small: the groups may go
//   FidEstimate fid = fid_interval(method);                           // fid.value, fid.interval->low .. high
//   FidEstimate gap = fid_difference(method, full);                   // method minus baseline, on the same samples
//
// Sample i is in group group_of(i), one of 20, in `run` and in `fid` alike. With T the statistic of all n samples, T_g
// that without the m_g samples of group g, and h_g = n / m_g (delete-m jackknife for unequal m: Busing, Meijer and van
// der Leeden 1999, Statistics and Computing 9, 3-8):
//   corrected      J = G T - sum_g (1 - 1 / h_g) T_g
//   standard error SE^2 = 1/G sum_g (h_g T - (h_g - 1) T_g - J)^2 / (h_g - 1)
//   interval       T +- t(1 - alpha/2; G - 1) * SE, Student's t
//   bias           T - J: what the finite number of samples adds to T (FID falls towards its limit as 1/N)
// A bootstrap over rows would take a new outer product per replicate; here each replicate is one subtraction of sums.
// The reference is taken as fixed, so its own sampling error is in no interval. Use the paired form to compare two
// methods: the same groups (the same seeds) of both are left out together, and what they share cancels. What the
// intervals cover, measured: README.md.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/quality/frechet.h"

namespace diffbench::quality {

inline constexpr int64_t kJackknifeGroups = 20;
inline constexpr int64_t kLeastPerGroup = 2;  // with fewer samples there is a value and no interval

struct JackknifeInterval {
  double low = 0.0;
  double high = 0.0;
  double standard_error = 0.0;
  double bias = 0.0;
};

struct FidEstimate {
  double value = 0.0;  // of all samples, not corrected for bias
  std::optional<JackknifeInterval> interval{};
  std::string rule{};  // how the interval came about, or why there is none
  double confidence = 0.95;
  int64_t count = 0;
};

// The group of a sample: every run of 20 samples has one in each group, in an order turned by a hash of the run's
// number. By turns alone would not do: classes come in turn too, and a group would hold one class only.
int64_t group_of(int64_t sample);

// the FID of all samples and of all but one group
struct FidReplicates {
  double value = 0.0;
  std::vector<double> left_out{};  // empty: too few samples for an interval
  std::vector<int64_t> sizes{};    // samples by group
  int64_t count() const;
};

class FidGroups {
 public:
  explicit FidGroups(const at::Tensor& centre);  // [D], near the mean of the rows to come

  // row i is sample number first_sample + i
  void add(const at::Tensor& rows, int64_t first_sample);
  // InputError where there are fewer than 2 samples
  FidReplicates replicates(const FrechetReference& reference) const;

 private:
  std::vector<FeatureStatistics> groups_;
};

FidEstimate fid_interval(const FidReplicates& replicates, double confidence = 0.95);  // low is not below 0

// both of the same samples (InputError where the groups differ in size)
FidEstimate fid_difference(const FidReplicates& method, const FidReplicates& baseline, double confidence = 0.95);

// the formulas above on numbers: `left_out[g]` is the statistic without the sizes[g] samples of group g
JackknifeInterval jackknife(double value, std::span<const double> left_out, std::span<const int64_t> sizes,
                            double confidence);

}  // namespace diffbench::quality
