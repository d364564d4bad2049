#pragma once
// Mean and covariance of feature rows, gathered piece by piece in memory that does not grow with their number.
//
//   FeatureStatistics statistics(reference.mean);   // any centre near the data
//   statistics.add(features);                       // [B, D], any float type
//   Gaussian generated = statistics.gaussian();
//
// Holds count, sum and outer products of (row - centre) in float64. Sums of raw values lose (mean / deviation)^2 of
// their 16 digits when the mean is subtracted afterwards; a centre near the mean loses none. Rows with NaN or
// infinity, or of another width, are InputErrors. Not thread-safe.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace diffbench::quality {

struct Gaussian {
  at::Tensor mean;               // [D] float64, CPU
  at::Tensor covariance;         // [D, D] float64, CPU, unbiased (ddof 1)
  std::optional<int64_t> count;  // rows behind it, where known
};

class FeatureStatistics {
 public:
  explicit FeatureStatistics(int64_t width);             // centre 0
  explicit FeatureStatistics(const at::Tensor& centre);  // [D]

  void add(const at::Tensor& rows);  // [B, D], B may be 0
  // both want the same centre (std::logic_error otherwise)
  void merge(const FeatureStatistics& other);
  void remove(const FeatureStatistics& part);  // what an earlier merge put in

  int64_t width() const { return centre_.size(0); }
  int64_t count() const { return count_; }
  Gaussian gaussian() const;  // at least 2 rows, else InputError

 private:
  void check_same_centre(const FeatureStatistics& other) const;

  // copies share these tensors, so they are replaced and never changed in place
  at::Tensor centre_;  // [D]
  int64_t count_ = 0;
  at::Tensor sum_;    // [D]
  at::Tensor outer_;  // [D, D]
};

// mean and covariance of a whole matrix [N, D]
Gaussian gaussian_of(const at::Tensor& rows);

// [N, D] with N and D above 0 and every value finite, as float64 on the CPU; InputError "<name>: ..." otherwise
at::Tensor checked_rows(const at::Tensor& rows, std::string_view name);

// the same refusals, a block at a time and without the copy
void check_rows(const at::Tensor& rows, std::string_view name);

}  // namespace diffbench::quality
