#pragma once
// The Frechet distance as a metric: of features (FID), of spatial features (sFID), and extrapolated to infinitely many
// samples.
//
//   FidGroups groups(reference.gaussian().mean);
//   groups.add(features, first_sample);                                // piece by piece, whatever the pieces
//   Replicates fid = groups.replicates(reference);                     // small: the groups may go
//
// A bootstrap over rows would take a new outer product per replicate; here each replicate is one subtraction of sums.

#include <span>
#include <vector>

#include "harness/quality/metrics.h"

namespace diffbench::quality {

class FidGroups {
 public:
  explicit FidGroups(const at::Tensor& centre);  // [D], near the mean of the rows to come

  // row i is sample number first_sample + i
  void add(const at::Tensor& rows, int64_t first_sample);
  // InputError where there are fewer than 2 samples
  Replicates replicates(const FrechetReference& reference) const;
  // of the samples of some groups alone
  CurvePoint of(std::span<const int64_t> groups, const FrechetReference& reference) const;

 private:
  std::vector<FeatureStatistics> groups_;
};

Computed fid(const Evidence& evidence);
Computed sfid(const Evidence& evidence);
// The corrected value J of jackknife.h, which is what extrapolation in 1/N from N and 19/20 N gives; Chong and Forsyth
// (CVPR 2020, FID infinity) fit a line through subsets of 5,000 samples and more. With the mean FID at fewer samples.
Computed fid_infinity(const Evidence& evidence);

}  // namespace diffbench::quality
