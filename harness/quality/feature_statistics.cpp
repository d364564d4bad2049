#include "harness/quality/feature_statistics.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "methods/config/input_error.h"

namespace diffbench::quality {
namespace {

// rows converted to float64 at a time: bounds the memory of large float32 feature sets
constexpr int64_t kRowsPerBlock = 4096;

at::Tensor float64_on_cpu(const at::Tensor& values) { return values.detach().to(at::kCPU, at::kDouble).contiguous(); }

}  // namespace

FeatureStatistics::FeatureStatistics(int64_t width) : FeatureStatistics(at::zeros({width}, at::kDouble)) {}

FeatureStatistics::FeatureStatistics(const at::Tensor& centre) : centre_(float64_on_cpu(centre)) {
  if (centre_.dim() != 1 || centre_.size(0) == 0) {
    throw std::logic_error("FeatureStatistics: the centre is a vector of at least one number");
  }
  sum_ = at::zeros({width()}, at::kDouble);
  outer_ = at::zeros({width(), width()}, at::kDouble);
}

void FeatureStatistics::add(const at::Tensor& rows) {
  if (rows.dim() == 2 && rows.size(0) == 0) {
    return;
  }
  if (rows.dim() != 2 || rows.size(1) != width()) {
    throw config::InputError("features: got " + c10::str(rows.sizes()) + ", expected rows of width " +
                             std::to_string(width()));
  }
  for (int64_t first = 0; first < rows.size(0); first += kRowsPerBlock) {
    const auto block = rows.narrow(0, first, std::min(kRowsPerBlock, rows.size(0) - first));
    const auto shifted = checked_rows(block, "features") - centre_;
    count_ += shifted.size(0);
    sum_ = sum_ + shifted.sum(0);
    outer_ = outer_ + shifted.t().mm(shifted);
  }
}

void FeatureStatistics::check_same_centre(const FeatureStatistics& other) const {
  if (!at::equal(centre_, other.centre_)) {
    throw std::logic_error("FeatureStatistics: sums about different centres do not add up");
  }
}

void FeatureStatistics::merge(const FeatureStatistics& other) {
  check_same_centre(other);
  count_ += other.count_;
  sum_ = sum_ + other.sum_;
  outer_ = outer_ + other.outer_;
}

void FeatureStatistics::remove(const FeatureStatistics& part) {
  check_same_centre(part);
  if (part.count_ > count_) {
    throw std::logic_error("FeatureStatistics: cannot remove more rows than there are");
  }
  count_ -= part.count_;
  sum_ = sum_ - part.sum_;
  outer_ = outer_ - part.outer_;
}

Gaussian FeatureStatistics::gaussian() const {
  if (count_ < 2) {
    throw config::InputError("features: " + std::to_string(count_) + (count_ == 1 ? " row" : " rows") +
                             "; a covariance needs at least 2");
  }
  const double n = static_cast<double>(count_);
  const auto offset = sum_ / n;
  return {centre_ + offset, (outer_ - at::outer(offset, sum_)) / (n - 1), count_};
}

Gaussian gaussian_of(const at::Tensor& rows) {
  if (rows.dim() != 2 || rows.size(0) == 0) {
    throw config::InputError("features: got " + c10::str(rows.sizes()) + ", expected [N, D]");
  }
  FeatureStatistics statistics(
      checked_rows(rows.narrow(0, 0, std::min(kRowsPerBlock, rows.size(0))), "features").mean(0));
  statistics.add(rows);
  return statistics.gaussian();
}

at::Tensor checked_rows(const at::Tensor& rows, std::string_view name) {
  check_rows(rows, name);
  return float64_on_cpu(rows);
}

void check_rows(const at::Tensor& rows, std::string_view name) {
  if (rows.dim() != 2 || rows.size(0) == 0 || rows.size(1) == 0) {
    throw config::InputError(std::string(name) + ": got " + c10::str(rows.sizes()) + ", expected [N, D]");
  }
  for (int64_t first = 0; first < rows.size(0); first += kRowsPerBlock) {
    const auto block = rows.narrow(0, first, std::min(kRowsPerBlock, rows.size(0) - first));
    const auto finite_rows = at::isfinite(block).all(1);
    if (!finite_rows.all().item<bool>()) {
      const auto row = first + at::argmin(finite_rows.to(at::kInt)).item<int64_t>();
      throw config::InputError(std::string(name) + ": row " + std::to_string(row) + " holds NaN or infinity");
    }
  }
}

}  // namespace diffbench::quality
