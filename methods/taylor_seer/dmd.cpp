// Dynamic mode decomposition over inner products alone: with X the outputs but the last and Y those but the first, all
// that the fit reads is X'X, X'Y and Y'Y, a handful of numbers a row, however large an output is.
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "methods/taylor_seer/forecast.h"

namespace diffbench::methods::taylor_seer {
namespace {

constexpr size_t kFewest = 4;
constexpr double kDropped = 1e-4;  // of the largest singular value
constexpr double kRidge = 1e-8;

// newest outputs that follow each other at one distance
size_t equally_spaced(const Places& places) {
  if (places.size() < 2) return places.size();
  size_t count = 2;
  const auto spacing = places.back() - places[places.size() - 2];
  while (count < places.size() && places[places.size() - count] - places[places.size() - count - 1] == spacing) ++count;
  return count;
}

// one row's weights of Y's columns; `products` [n, n]: inner products of the outputs
at::Tensor fit_row(const at::Tensor& products, double horizon) {
  const int64_t n = products.size(0);
  const auto xx = products.slice(0, 0, n - 1).slice(1, 0, n - 1);
  const auto xy = products.slice(0, 0, n - 1).slice(1, 1, n);
  const auto yy = products.slice(0, 1, n).slice(1, 1, n);
  const auto [squares, vectors] = at::linalg_eigh(xx);  // ascending
  const auto values = squares.clamp_min(0.0).sqrt();
  const int64_t rank = std::max<int64_t>(1, (values > values.max() * kDropped).sum().item<int64_t>());
  const auto s = values.slice(0, n - 1 - rank);
  const auto v = vectors.slice(1, n - 1 - rank);
  const auto inverse = 1.0 / (s + kRidge);
  const auto reduced = (v.t().matmul(xy).matmul(v) / s.unsqueeze(1)) * inverse;
  const auto [eigenvalues, modes] = at::linalg_eig(reduced);
  const auto to_modes = (v * inverse).to(at::kComplexDouble).matmul(modes);  // Phi = Y to_modes
  const auto complex_yy = yy.to(at::kComplexDouble);
  const auto gram = to_modes.mH().matmul(complex_yy).matmul(to_modes);
  const auto right = to_modes.mH().matmul(complex_yy.select(1, n - 2));
  const auto amplitudes = at::linalg_pinv(gram, 1e-12, true).matmul(right);
  return at::real(to_modes.matmul(eigenvalues.pow(horizon) * amplitudes));
}

}  // namespace

at::Tensor dmd_weights(const std::vector<at::Tensor>& outputs, const Places& places, int64_t place) {
  const size_t count = equally_spaced(places);
  if (count < kFewest) return {};
  std::vector<at::Tensor> flat;
  for (size_t i = outputs.size() - count; i < outputs.size(); ++i) flat.push_back(outputs[i].flatten(1));
  const auto joined = at::stack(flat, 1).to(at::kDouble);  // [rows, n, L * D]
  const auto products = joined.bmm(joined.transpose(1, 2)).cpu();
  const auto spacing = static_cast<double>(places.back() - places[places.size() - 2]);
  const double horizon = static_cast<double>(place - places.back()) / spacing;
  auto weights = at::zeros({outputs.front().size(0), static_cast<int64_t>(outputs.size())}, at::kDouble);
  for (int64_t row = 0; row < weights.size(0); ++row) {
    auto own = weights[row];
    const auto fitted = fit_row(products[row], horizon);
    if (at::isfinite(fitted).all().item<bool>()) {
      own.slice(0, own.size(0) - fitted.size(0)).copy_(fitted);
    } else {
      own[-1] = 1.0;  // the newest output again, as the public code
    }
  }
  return weights;
}

}  // namespace diffbench::methods::taylor_seer
