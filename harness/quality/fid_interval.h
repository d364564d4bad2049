#pragma once
#include "harness/quality/jackknife.h"
#include "harness/quality/frechet.h"
#include <string>
#include <vector>
namespace diffbench::quality {
using FidReplicates = Replicates;
using FidEstimate = QualityEstimate;
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


inline FidEstimate fid_interval(const FidReplicates& r) { return estimate_of(r, {.low = 0.0}); }
inline FidEstimate fid_difference(const FidReplicates& a, const FidReplicates& b) { return difference_of(a, b); }
}
