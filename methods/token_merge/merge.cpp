#include "methods/token_merge/merge.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace diffbench::methods::token_merge {
namespace {

// rows of x [rows, N, D] at index [rows or 1, M, 1]
at::Tensor gather(const at::Tensor& x, const at::Tensor& index) {
  return x.gather(1, index.expand({x.size(0), index.size(1), x.size(2)}));
}

}  // namespace

Partition partition_of(const Grid& grid, at::Device device) {
  std::vector<int64_t> kept;
  std::vector<int64_t> sources;
  for (int64_t token = 0; token < grid.width * grid.height; ++token) {
    const int64_t row = token / grid.width;
    const int64_t column = token % grid.width;
    const bool whole = row < grid.height / grid.stride * grid.stride && column < grid.width / grid.stride * grid.stride;
    (whole && row % grid.stride == 0 && column % grid.stride == 0 ? kept : sources).push_back(token);
  }
  const auto as_index = [&](const std::vector<int64_t>& tokens) {
    return at::tensor(tokens, at::kLong).to(device).view({1, -1, 1});
  };
  return {.sources = as_index(sources), .kept = as_index(kept)};
}

Merge match(const at::Tensor& metric, const Partition& partition, int64_t merged) {
  Merge merge{.tokens = metric.size(1), .partition = partition};
  const auto unit = metric / metric.norm(2, -1, true);
  const auto scores = gather(unit, partition.sources).matmul(gather(unit, partition.kept).transpose(-1, -2));
  const auto [best, place] = scores.max(-1);
  const auto order = best.argsort(/*stable=*/true, -1, /*descending=*/true).unsqueeze(-1);
  const int64_t count = std::min<int64_t>(merged, partition.sources.size(1));
  merge.merged = order.slice(1, 0, count);
  merge.unmerged = order.slice(1, count);
  merge.into = place.unsqueeze(-1).gather(1, merge.merged);
  return merge;
}

at::Tensor Merge::merge(const at::Tensor& x) const {
  const auto source = gather(x, partition.sources);
  const auto moved = gather(source, merged);
  const auto means =
      gather(x, partition.kept).scatter_reduce(1, into.expand({x.size(0), into.size(1), x.size(2)}), moved, "mean");
  return at::cat({gather(source, unmerged), means}, 1);
}

at::Tensor Merge::unmerge(const at::Tensor& y) const {
  const int64_t alone = unmerged.size(1);
  const auto means = y.slice(1, alone);
  auto result = at::empty({y.size(0), tokens, y.size(2)}, y.options());
  const auto put = [&](const at::Tensor& index, const at::Tensor& values) {
    result.scatter_(1, index.expand(values.sizes()), values);
  };
  const auto all_sources = partition.sources.expand({y.size(0), partition.sources.size(1), 1});
  put(partition.kept, means);
  put(all_sources.gather(1, unmerged), y.slice(1, 0, alone));
  put(all_sources.gather(1, merged), gather(means, into));
  return result;
}

}  // namespace diffbench::methods::token_merge
