#pragma once
// How far an FID, or the difference of two, can be trusted: a jackknife over groups of samples.
//
//   std::vector<FeatureStatistics> groups(20, FeatureStatistics(reference.gaussian().mean));
//   add_to_groups(groups, rows, first_sample);
//   JackknifeEstimate fid = fid_interval(groups, reference);             // fid.value, fid.low .. fid.high
//   JackknifeEstimate gap = fid_difference(method_groups, full_groups, reference);   // method minus baseline
//
// With T the statistic of all samples, T_g that without group g, and T. the mean of the G values T_g:
//   standard error   SE = sqrt((G - 1) / G * sum_g (T_g - T.)^2)
//   interval         T +- t(1 - alpha/2; G - 1) * SE, Student's t
//   bias             (G - 1) * (T. - T): what the finite number of samples adds to T (FID falls towards its limit as
//   1/N)
// A bootstrap over rows would take a new outer product per replicate; here each replicate is one subtraction of sums.
// The reference is taken as fixed, so its own sampling error is in no interval. Use the paired form to compare two
// methods: the same groups (the same seeds) of both are left out together, and what they share cancels.

#include <span>
#include <vector>

#include "harness/quality/frechet.h"

namespace diffbench::quality {

inline constexpr int kJackknifeGroups = 20;

struct JackknifeEstimate {
  double value = 0.0;  // of all samples, not corrected for bias
  double standard_error = 0.0;
  double low = 0.0;
  double high = 0.0;
  double bias = 0.0;
};

// The group of a sample: every run of group_count samples has one in each group, in an order turned by a hash of the
// run's number. By turns alone would not do: classes come in turn too, and a group would hold one class only.
int64_t group_of(int64_t sample, int64_t group_count);

// Puts row i, sample number first_sample + i, into its group, whatever the batches and ranks.
void add_to_groups(std::span<FeatureStatistics> groups, const at::Tensor& rows, int64_t first_sample);

// at least 2 groups of one centre, each with a row (InputError); low is not below 0
JackknifeEstimate fid_interval(std::span<const FeatureStatistics> groups, const FrechetReference& reference,
                               double confidence = 0.95);

// equally many groups, pair by pair of equal size (InputError)
JackknifeEstimate fid_difference(std::span<const FeatureStatistics> method, std::span<const FeatureStatistics> baseline,
                                 const FrechetReference& reference, double confidence = 0.95);

// the formulas above on numbers: `left_out[g]` is the statistic without group g
JackknifeEstimate jackknife(double value, std::span<const double> left_out, double confidence);

}  // namespace diffbench::quality
