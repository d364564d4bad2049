#include "methods/sampling/batch.h"

#include <ATen/ATen.h>

#include <numeric>

namespace diffbench {

std::vector<Member> members_of(const std::vector<int64_t>& samples) {
  std::vector<Member> members;
  members.reserve(samples.size());
  for (const int64_t sample : samples) {
    members.push_back({.sample = sample});
  }
  return members;
}

std::vector<Member> numbered_members(int64_t rows) {
  std::vector<int64_t> samples(static_cast<size_t>(rows));
  std::iota(samples.begin(), samples.end(), int64_t{0});
  return members_of(samples);
}

Batch Batch::select(const std::vector<int64_t>& rows) const {
  const auto index = row_index(rows, x.device());
  const auto rows_of = [&](const at::Tensor& given) { return given.defined() ? given.index_select(0, index) : given; };
  Batch selected{x.index_select(0, index), {}, rows_of(labels), {}, rows_of(context)};
  for (const int64_t row : rows) {
    selected.t.push_back(t[static_cast<size_t>(row)]);
    selected.members.push_back(members[static_cast<size_t>(row)]);
  }
  return selected;
}

at::Tensor row_index(const std::vector<int64_t>& rows, at::Device device) {
  return at::tensor(rows, at::TensorOptions(at::kLong)).to(device);
}

}  // namespace diffbench
