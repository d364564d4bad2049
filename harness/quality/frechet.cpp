#include "harness/quality/frechet.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>
#include <string>

#include "methods/config/input_error.h"

namespace diffbench::quality {
namespace {

// float32 statistics files are symmetric and semidefinite to about 1e-6
constexpr double kAsymmetryRatio = 1e-4;
constexpr double kNegativeRatio = -1e-3;

void check(const Gaussian& gaussian) {
  const auto& [mean, covariance, count] = gaussian;
  if (mean.dim() != 1 || mean.size(0) == 0 || covariance.dim() != 2 || covariance.size(0) != mean.size(0) ||
      covariance.size(1) != mean.size(0)) {
    throw config::InputError("statistics: mean " + c10::str(mean.sizes()) + " and covariance " +
                             c10::str(covariance.sizes()) + ", expected [D] and [D, D]");
  }
  if (!at::isfinite(mean).all().item<bool>() || !at::isfinite(covariance).all().item<bool>()) {
    throw config::InputError("statistics: mean or covariance holds NaN or infinity");
  }
  const double largest = covariance.abs().max().item<double>();
  if ((covariance - covariance.t()).abs().max().item<double>() > kAsymmetryRatio * largest) {
    throw config::InputError("statistics: the covariance is not symmetric");
  }
}

// the largest of ascending eigenvalues times what rounding leaves of a zero one
double rounding_level(const at::Tensor& eigenvalues) {
  const double largest = std::max(0.0, eigenvalues[-1].item<double>());
  return largest * static_cast<double>(eigenvalues.size(0)) * std::numeric_limits<double>::epsilon();
}

void check_semidefinite(const at::Tensor& eigenvalues) {
  const double smallest = eigenvalues[0].item<double>();
  const double largest = eigenvalues[-1].item<double>();
  if (smallest < kNegativeRatio * std::max(largest, 0.0)) {
    throw config::InputError("statistics: the covariance has the negative eigenvalue " + c10::str(smallest));
  }
}

at::Tensor symmetric(const at::Tensor& matrix) { return (matrix + matrix.t()) / 2; }

}  // namespace

FrechetReference::FrechetReference(Gaussian reference) : reference_(std::move(reference)) {
  check(reference_);
  const auto [values, vectors] = at::linalg_eigh(symmetric(reference_.covariance));
  check_semidefinite(values);
  const auto kept = at::nonzero(values > rounding_level(values)).flatten();
  root_ = (vectors.index_select(1, kept) * values.index_select(0, kept).sqrt()).t().contiguous();
}

double FrechetReference::distance(const Gaussian& generated) const {
  check(generated);
  if (generated.mean.size(0) != reference_.mean.size(0)) {
    throw config::InputError("features of different widths: A has " + std::to_string(generated.mean.size(0)) +
                             ", B has " + std::to_string(reference_.mean.size(0)));
  }
  double root_trace = 0.0;
  if (root_.size(0) > 0) {
    const auto values = at::linalg_eigvalsh(symmetric(root_.mm(generated.covariance).mm(root_.t())));
    check_semidefinite(values);
    root_trace = at::where(values > rounding_level(values), values, at::zeros_like(values)).sqrt().sum().item<double>();
  }
  const double means = (generated.mean - reference_.mean).square().sum().item<double>();
  const double traces = generated.covariance.trace().item<double>() + reference_.covariance.trace().item<double>();
  return std::max(0.0, means + traces - 2 * root_trace);  // rounding can take equal sets below zero
}

double frechet_distance(const Gaussian& a, const Gaussian& b) { return FrechetReference(b).distance(a); }

}  // namespace diffbench::quality
