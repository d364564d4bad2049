#include "harness/quality/neighbours.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

namespace diffbench::quality {
namespace {

constexpr int64_t kRowsPerBlock = 1024;  // 8 MiB of distances

at::Tensor squared_distances(const at::Tensor& a, const at::Tensor& b) {
  const auto lengths = a.square().sum(1).unsqueeze(1) + b.square().sum(1);
  auto distances = lengths - 2 * a.mm(b.t());
  // equal rows come out as rounding errors of either sign: a set of copies has radius 0 and must contain its copies
  constexpr double kRounding = 64 * std::numeric_limits<double>::epsilon();
  return distances.masked_fill_(distances <= kRounding * lengths, 0.0);
}

}  // namespace

void for_each_distance(const RowSource& a, const RowSource& b, const at::Tensor& centre, const UseDistances& use) {
  for_each_block(a, kRowsPerBlock, [&](int64_t first_a, const at::Tensor& of_a) {
    const auto shifted = of_a - centre;
    for_each_block(b, kRowsPerBlock, [&](int64_t first_b, const at::Tensor& of_b) {
      use(first_a, first_b, squared_distances(shifted, of_b - centre));
    });
  });
}

Nearest nearest_others(const RowSource& rows, const at::Tensor& centre, int64_t wanted) {
  const int64_t kept = std::min(wanted, rows.count() - 1);
  auto distances = at::full({rows.count(), kept}, std::numeric_limits<double>::infinity(), at::kDouble);
  auto places = at::zeros({rows.count(), kept}, at::kLong);
  for_each_distance(rows, rows, centre, [&](int64_t first, int64_t other, const at::Tensor& block) {
    const auto far = block.accessor<double, 2>();
    for (int64_t row = 0; row < block.size(0); ++row) {
      auto* nearest = distances.mutable_data_ptr<double>() + (first + row) * kept;
      auto* who = places.mutable_data_ptr<int64_t>() + (first + row) * kept;
      for (int64_t column = 0; column < block.size(1); ++column) {
        const double distance = far[row][column];
        // nearly all end here, which is why this costs less than sorting each block
        if (distance >= nearest[kept - 1] || first + row == other + column) continue;
        int64_t at = kept - 1;
        for (; at > 0 && nearest[at - 1] > distance; --at) {
          nearest[at] = nearest[at - 1];
          who[at] = who[at - 1];
        }
        nearest[at] = distance;
        who[at] = other + column;
      }
    }
  });
  return {distances, places};
}

}  // namespace diffbench::quality
