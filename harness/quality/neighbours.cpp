#include "harness/quality/neighbours.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>
#include <vector>

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
  std::vector<at::Tensor> distances;
  std::vector<at::Tensor> places;
  for_each_distance(rows, rows, centre, [&](int64_t first, int64_t other, const at::Tensor& block) {
    auto here = block;
    if (first == other) here.fill_diagonal_(std::numeric_limits<double>::infinity());
    auto who = at::arange(other, other + here.size(1), at::kLong).expand({here.size(0), here.size(1)});
    if (other > 0) {  // with the nearest of the blocks before
      here = at::cat({distances.back(), here}, 1);
      who = at::cat({places.back(), who}, 1);
    } else {
      distances.emplace_back();
      places.emplace_back();
    }
    const auto [values, order] = here.topk(std::min(wanted, here.size(1)), 1, /*largest=*/false, /*sorted=*/true);
    distances.back() = values;
    places.back() = who.gather(1, order);
  });
  return {at::cat(distances), at::cat(places)};
}

}  // namespace diffbench::quality
