#include "harness/quality/precision_recall.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "harness/quality/feature_statistics.h"
#include "methods/config/input_error.h"

namespace diffbench::quality {
namespace {

constexpr int64_t kNumbersPerBlock = int64_t{1} << 23;  // 64 MiB of float64

int64_t rows_per_block(int64_t columns) { return std::clamp<int64_t>(kNumbersPerBlock / columns, 1, 4096); }

struct Rows {
  at::Tensor values;           // [N, D]
  at::Tensor squared_lengths;  // [N]

  explicit Rows(at::Tensor rows) : values(std::move(rows)), squared_lengths(values.square().sum(1)) {}
  int64_t count() const { return values.size(0); }
};

// squared distances [count, b] of rows first .. first + count of `a` to all of `b`
at::Tensor squared_distances(const Rows& a, int64_t first, int64_t count, const Rows& b) {
  const auto lengths = a.squared_lengths.narrow(0, first, count).unsqueeze(1) + b.squared_lengths;
  auto distances = lengths - 2 * a.values.narrow(0, first, count).mm(b.values.t());
  // equal rows come out as rounding errors of either sign: a set of copies has radius 0 and must contain its copies
  constexpr double kRounding = 64 * std::numeric_limits<double>::epsilon();
  distances.masked_fill_(distances <= kRounding * lengths, 0.0);
  return distances;
}

// squared distance of each row to its k-th nearest other row
at::Tensor squared_radii(const Rows& rows, int64_t k) {
  std::vector<at::Tensor> radii;
  const int64_t block = rows_per_block(rows.count());
  for (int64_t first = 0; first < rows.count(); first += block) {
    const auto distances = squared_distances(rows, first, std::min(block, rows.count() - first), rows);
    radii.push_back(std::get<0>(distances.kthvalue(k + 1, 1)));  // the first is the row itself
  }
  return at::cat(radii);
}

// share of `points` within a ball around any of `centres`
double covered(const Rows& points, const Rows& centres, const at::Tensor& radii) {
  int64_t inside = 0;
  const int64_t block = rows_per_block(centres.count());
  for (int64_t first = 0; first < points.count(); first += block) {
    const auto distances = squared_distances(points, first, std::min(block, points.count() - first), centres);
    inside += (distances <= radii).any(1).sum().item<int64_t>();
  }
  return static_cast<double>(inside) / static_cast<double>(points.count());
}

}  // namespace

PrecisionRecall precision_recall(const at::Tensor& generated, const at::Tensor& real, int64_t k) {
  auto a = checked_rows(generated, "A: features");
  auto b = checked_rows(real, "B: features");
  if (a.size(1) != b.size(1)) {
    throw config::InputError("features of different widths: A has " + std::to_string(a.size(1)) + ", B has " +
                             std::to_string(b.size(1)));
  }
  if (std::min(a.size(0), b.size(0)) < k + 1) {
    throw config::InputError("prc: needs at least " + std::to_string(k + 1) + " rows on each side, got " +
                             std::to_string(a.size(0)) + " and " + std::to_string(b.size(0)));
  }
  // distances do not change under a shift, but lose fewer digits near the origin
  const auto centre = b.mean(0);
  const Rows generated_rows(a - centre);
  const Rows real_rows(b - centre);
  return {.precision = covered(generated_rows, real_rows, squared_radii(real_rows, k)),
          .recall = covered(real_rows, generated_rows, squared_radii(generated_rows, k))};
}

}  // namespace diffbench::quality
