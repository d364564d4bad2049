#pragma once
// Frechet distance between two Gaussians; on features of images it is the FID.
//
//   double fid = frechet_distance(gaussian_of(generated), gaussian_of(real));
//   FrechetReference reference(real);                     // many sets against one: its root is taken once
//   double a = reference.distance(first), b = reference.distance(second);
//
// |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2), the last trace as the sum of the square roots of the eigenvalues of
// the symmetric matrix R S2 R^T with R^T R = S1. No square root of a non-symmetric matrix, no complex numbers, no
// epsilon on the diagonals; rank-deficient covariances are exact: eigenvalues under rounding level (D * 2^-52 of the
// largest) count as zero, since their roots would turn errors of 1e-16 into 1e-8. InputError: unequal widths, NaN or
// infinity, a covariance that is not symmetric or clearly not positive semidefinite.

#include "harness/quality/feature_statistics.h"

namespace diffbench::quality {

class FrechetReference {
 public:
  explicit FrechetReference(Gaussian reference);
  double distance(const Gaussian& generated) const;  // not negative
  const Gaussian& gaussian() const { return reference_; }

 private:
  Gaussian reference_;
  at::Tensor root_;  // [r, D], r the rank: root^T root = covariance
};

double frechet_distance(const Gaussian& a, const Gaussian& b);

}  // namespace diffbench::quality
