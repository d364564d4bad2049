#include "harness/quality/neighbours.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

namespace diffbench::quality {
namespace {

// 32 MiB of distances; that rows of the one side wait for many of the other saves turning these into float64 anew
constexpr int64_t kRowsOfA = 4096;
constexpr int64_t kRowsOfB = 1024;

struct Rows {
  at::Tensor shifted;
  at::Tensor lengths;  // squared
};

Rows shifted(const at::Tensor& rows, const at::Tensor& centre) {
  auto values = rows - centre;
  auto lengths = values.square().sum(1);
  return {std::move(values), std::move(lengths)};
}

at::Tensor squared_distances(const Rows& a, const Rows& b) {
  auto distances = at::addmm(a.lengths.unsqueeze(1) + b.lengths, a.shifted, b.shifted.t(), 1.0, -2.0);
  // equal rows come out as rounding errors of either sign: a set of copies has radius 0 and must contain its copies
  constexpr double kRounding = 64 * std::numeric_limits<double>::epsilon();
  const auto* of_a = a.lengths.const_data_ptr<double>();
  const auto* of_b = b.lengths.const_data_ptr<double>();
  auto* distance = distances.mutable_data_ptr<double>();
  for (int64_t row = 0; row < distances.size(0); ++row) {
    for (int64_t column = 0; column < distances.size(1); ++column, ++distance) {
      if (*distance <= kRounding * (of_a[row] + of_b[column])) *distance = 0.0;
    }
  }
  return distances;
}

// the nearest rows known so far of each row, ascending
class Lists {
 public:
  Lists(int64_t rows, int64_t kept)
      : kept_(kept),
        nearest_{at::full({rows, kept}, std::numeric_limits<double>::infinity(), at::kDouble),
                 at::zeros({rows, kept}, at::kLong)},
        distances_(nearest_.squared_distances.mutable_data_ptr<double>()),
        places_(nearest_.places.mutable_data_ptr<int64_t>()) {}

  void offer(int64_t row, int64_t other, double distance) {
    auto* nearest = distances_ + row * kept_;
    // nearly all end here, which is why this costs less than sorting each block
    if (distance >= nearest[kept_ - 1]) return;
    auto* who = places_ + row * kept_;
    int64_t at = kept_ - 1;
    for (; at > 0 && nearest[at - 1] > distance; --at) {
      nearest[at] = nearest[at - 1];
      who[at] = who[at - 1];
    }
    nearest[at] = distance;
    who[at] = other;
  }

  Nearest take() { return std::move(nearest_); }

 private:
  int64_t kept_;
  Nearest nearest_;
  double* distances_;
  int64_t* places_;
};

}  // namespace

void for_each_distance(const RowSource& a, const RowSource& b, const at::Tensor& centre, const UseDistances& use) {
  for_each_block(a, kRowsOfA, [&](int64_t first_a, const at::Tensor& of_a) {
    const auto rows_a = shifted(of_a, centre);
    for_each_block(b, kRowsOfB, [&](int64_t first_b, const at::Tensor& of_b) {
      use(first_a, first_b, squared_distances(rows_a, shifted(of_b, centre)));
    });
  });
}

Nearest nearest_others(const RowSource& rows, const at::Tensor& centre, int64_t wanted) {
  const int64_t count = rows.count();
  Lists lists(count, std::min(wanted, count - 1));
  for (int64_t first = 0; first < count; first += kRowsOfA) {
    const int64_t rows_a = std::min(kRowsOfA, count - first);
    const auto a = shifted(rows.rows(first, rows_a).to(at::kDouble), centre);
    for (int64_t other = first; other < count; other += kRowsOfB) {  // what lies before was met from the other side
      const int64_t rows_b = std::min(kRowsOfB, count - other);
      const auto block = squared_distances(a, shifted(rows.rows(other, rows_b).to(at::kDouble), centre));
      const auto* distance = block.const_data_ptr<double>();
      for (int64_t row = first; row < first + rows_a; ++row) {
        for (int64_t column = other; column < other + rows_b; ++column, ++distance) {
          if (row >= column) continue;  // itself, or met from the other side
          lists.offer(row, column, *distance);
          lists.offer(column, row, *distance);
        }
      }
    }
  }
  return lists.take();
}

}  // namespace diffbench::quality
