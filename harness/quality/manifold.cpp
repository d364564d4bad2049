#include "harness/quality/manifold.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "harness/quality/neighbours.h"
#include "methods/config/input_error.h"

namespace diffbench::quality {
namespace {

constexpr int64_t kInRadius = 3;  // precision, recall
constexpr int64_t kInCount = 5;   // density, coverage
static_assert(kLeastOfNeighbours == kInCount + 1);

at::Tensor radii(const Nearest& nearest, int64_t k) { return nearest.squared_distances.select(1, k - 1).contiguous(); }

// squared distance from row i to its k-th nearest among the samples of other groups
double radius_without(const RowSource& rows, const at::Tensor& centre, int64_t row, int64_t group, int64_t k) {
  std::vector<double> distances;
  for_each_distance(*rows_of(rows.rows(row, 1)), rows, centre, [&](int64_t, int64_t first, const at::Tensor& block) {
    for (int64_t j = 0; j < block.size(1); ++j) {
      if (first + j != row && group_of(first + j) != group) distances.push_back(block[0][j].item<double>());
    }
  });
  std::nth_element(distances.begin(), distances.begin() + (k - 1), distances.end());
  return distances[static_cast<size_t>(k - 1)];
}

// [G, N]: the samples' radii among the samples that are left when a group is not there
at::Tensor radii_by_left_out(const RowSource& rows, const at::Tensor& centre, const Nearest& nearest, int64_t k) {
  const int64_t count = rows.count();
  auto result = at::zeros({kJackknifeGroups, count}, at::kDouble);
  const auto distances = nearest.squared_distances.accessor<double, 2>();
  const auto places = nearest.places.accessor<int64_t, 2>();
  auto radius = result.accessor<double, 2>();
  for (int64_t row = 0; row < count; ++row) {
    for (int64_t group = 0; group < kJackknifeGroups; ++group) {
      int64_t seen = 0;
      int64_t at = 0;
      for (; at < distances.size(1) && seen < k; ++at) seen += group_of(places[row][at]) != group ? 1 : 0;
      radius[group][row] = seen == k ? distances[row][at - 1] : radius_without(rows, centre, row, group, k);
    }
  }
  return result;
}

struct Found {
  at::Tensor inside;       // [N] of a sample: 1 within a ball of the reference
  at::Tensor balls;        // [N] how many balls of the reference it is in
  at::Tensor hits;         // [G, M] of a reference row: samples of the group in its ball
  at::Tensor recalled;     // [M] 1 within a ball of the samples
  at::Tensor recalled_by;  // [G, M] the same without a group
};

class Search {
 public:
  Search(const RowSource& samples, const RowSource& real, const Reference& reference)
      : samples_(samples),
        real_(real),
        centre_(real.rows(0, std::min<int64_t>(1024, real.count())).to(at::kDouble).mean(0)) {
    const auto both = reference.remembered("radii", [&] {
      const auto nearest = nearest_others(real, centre_, kInCount);
      return at::stack({radii(nearest, kInRadius), radii(nearest, kInCount)});
    });
    real_radii_ = both[0];
    real_wide_radii_ = both[1];
  }

  Found run(bool has_groups) {
    // enough that of any group but few are left; for the rest there is radius_without
    constexpr int64_t kNeighbours = 24;
    const auto nearest = nearest_others(samples_, centre_, std::min(kNeighbours, samples_.count() - 1));
    const auto sample_radii = radii(nearest, kInRadius);
    const auto without =
        has_groups ? radii_by_left_out(samples_, centre_, nearest, kInRadius) : sample_radii.unsqueeze(0);
    const auto widest = at::maximum(sample_radii, std::get<0>(without.max(0)));
    const int64_t n = samples_.count();
    const int64_t m = real_.count();
    Found found{at::zeros({n}, at::kDouble), at::zeros({n}, at::kDouble), at::zeros({kJackknifeGroups, m}, at::kDouble),
                at::zeros({m}, at::kDouble), at::zeros({kJackknifeGroups, m}, at::kDouble)};
    for_each_distance(samples_, real_, centre_, [&](int64_t first, int64_t other, const at::Tensor& distances) {
      count(found, without, sample_radii, widest, first, other, distances, has_groups);
    });
    return found;
  }

 private:
  void count(Found& found, const at::Tensor& without, const at::Tensor& sample_radii, const at::Tensor& widest,
             int64_t first, int64_t other, const at::Tensor& distances, bool has_groups) const {
    auto* inside = found.inside.mutable_data_ptr<double>();
    auto* balls = found.balls.mutable_data_ptr<double>();
    auto* recalled = found.recalled.mutable_data_ptr<double>();
    auto hits = found.hits.accessor<double, 2>();
    auto recalled_by = found.recalled_by.accessor<double, 2>();
    const auto radius_without = without.accessor<double, 2>();
    const auto* radius = sample_radii.const_data_ptr<double>();
    const auto* reach = widest.const_data_ptr<double>();
    const auto* real_radius = real_radii_.const_data_ptr<double>();
    const auto* real_wide_radius = real_wide_radii_.const_data_ptr<double>();
    const auto* distance = distances.const_data_ptr<double>();
    for (int64_t sample = first; sample < first + distances.size(0); ++sample) {
      const int64_t own = group_of(sample);
      for (int64_t real = other; real < other + distances.size(1); ++real, ++distance) {
        const double far = *distance;
        if (far > real_wide_radius[real] && far > reach[sample]) continue;  // nearly all
        if (far <= real_radius[real]) inside[sample] = 1;
        if (far < real_wide_radius[real]) {
          balls[sample] += 1;
          hits[own][real] += 1;
        }
        if (far <= radius[sample]) recalled[real] = 1;
        for (int64_t group = 0; has_groups && group < kJackknifeGroups; ++group) {
          if (group != own && far <= radius_without[group][sample]) recalled_by[group][real] = 1;
        }
      }
    }
  }

  const RowSource& samples_;
  const RowSource& real_;
  at::Tensor centre_;
  at::Tensor real_radii_;
  at::Tensor real_wide_radii_;
};

}  // namespace

Computed manifold(const Evidence& evidence) {
  const auto& samples = *evidence.features;
  const auto& real = *evidence.reference->rows;
  const auto width = samples.rows(0, 1).size(1);
  if (real.rows(0, 1).size(1) != width) {
    throw config::InputError("features of different widths: A has " + std::to_string(width) + ", B has " +
                             std::to_string(real.rows(0, 1).size(1)));
  }
  if (std::min(samples.count(), real.count()) < kLeastOfNeighbours) {
    throw config::InputError("prc: needs at least " + std::to_string(kLeastOfNeighbours) + " rows on each side, got " +
                             std::to_string(samples.count()) + " and " + std::to_string(real.count()));
  }
  const auto sizes = group_sizes(samples.count());
  const bool has_groups = *std::min_element(sizes.begin(), sizes.end()) >= kLeastPerGroup;
  const auto found = Search(samples, real, *evidence.reference).run(has_groups);
  const auto all_hits = found.hits.sum(0);
  return {.parts = {mean_replicates(found.inside),
                    replicates_of(samples.count(),
                                  [&](int64_t group) {
                                    const auto& one = group < 0 ? found.recalled : found.recalled_by[group];
                                    return one.mean().item<double>();
                                  }),
                    mean_replicates(found.balls / static_cast<double>(kInCount)),
                    replicates_of(samples.count(), [&](int64_t group) {
                      const auto left = group < 0 ? all_hits : all_hits - found.hits[group];
                      return (left > 0.5).to(at::kDouble).mean().item<double>();
                    })}};
}

}  // namespace diffbench::quality
