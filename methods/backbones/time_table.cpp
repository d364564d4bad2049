#include "methods/backbones/time_table.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

namespace diffbench::backbones {

void TimeTable::prepare(const std::vector<double>& times, const at::TensorOptions& options) {
  const c10::InferenceMode usable_in_training_too(false);
  for (const double t : times) {
    rows_[t] = make({t}, options);
  }
}

at::Tensor TimeTable::rows(const std::vector<double>& t, const at::TensorOptions& options) const {
  std::vector<at::Tensor> runs;  // of rows at one time
  for (size_t begin = 0, end = 0; begin < t.size(); begin = end) {
    const auto found = rows_.find(t[begin]);
    if (found == rows_.end() || found->second.scalar_type() != options.dtype() ||
        found->second.device() != options.device()) {
      return make(t, options);
    }
    end = static_cast<size_t>(
        std::find_if(t.begin() + static_cast<int64_t>(begin), t.end(), [&](double time) { return time != t[begin]; }) -
        t.begin());
    runs.push_back(found->second.expand({static_cast<int64_t>(end - begin), width_}));
  }
  return runs.size() == 1 ? runs.front() : at::cat(runs);
}

at::Tensor TimeTable::make(const std::vector<double>& t, const at::TensorOptions& options) const {
  std::vector<double> network_time(t.size());
  std::transform(t.begin(), t.end(), network_time.begin(), [&](double time) { return input_.network_time(time); });
  return timestep_embedding(network_time, width_, options);
}

}  // namespace diffbench::backbones
