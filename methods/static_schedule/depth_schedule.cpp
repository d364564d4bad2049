#include "methods/static_schedule/depth_schedule.h"

#include <algorithm>
#include <cmath>

#include "methods/config/input_error.h"

namespace diffbench::methods::static_schedule {

DepthSchedule::DepthSchedule(std::vector<int64_t> depths, const solvers::NoiseSchedule& schedule,
                             const backbones::Backbone& backbone, const std::string& where)
    : depths_(std::move(depths)) {
  const int64_t least = std::min(backbone.min_bypass_depth(), backbone.block_count());
  const int64_t most = backbone.block_count();
  if (depths_.empty()) {
    throw config::InputError(where + ": at least one bin is needed");
  }
  for (const int64_t depth : depths_) {
    if (depth < least || depth > most) {
      throw config::InputError(where + ": " + std::to_string(depth) + " is not " + std::to_string(least) + " to " +
                               std::to_string(most) +
                               " (the blocks before the first that this backbone can drop, all)");
    }
  }
  times_per_bin_ = schedule.span() / static_cast<double>(depths_.size());
}

int64_t DepthSchedule::depth(double t) const {
  const auto last = static_cast<double>(depths_.size() - 1);
  return depths_[static_cast<size_t>(std::clamp(std::floor(t / times_per_bin_), 0.0, last))];
}

const std::vector<NamedSchedule>& named_schedules() {
  static const std::vector<NamedSchedule> kTable = {{"light", {28, 28, 26, 26, 24, 24, 22, 22, 20, 20}},
                                                    {"demo", {28, 28, 24, 24, 20, 20, 16, 16, 12, 12}},
                                                    {"heavy", {28, 24, 20, 16, 12, 12, 12, 12, 12, 12}}};
  return kTable;
}

std::vector<std::string> schedule_names() {
  std::vector<std::string> names;
  for (const auto& schedule : named_schedules()) {
    names.emplace_back(schedule.name);
  }
  return names;
}

std::vector<int64_t> named_depths(const std::string& name, int64_t block_count, int64_t least) {
  const auto& table = named_schedules();
  const auto found = std::find_if(table.begin(), table.end(), [&](const auto& entry) { return name == entry.name; });
  std::vector<int64_t> depths;
  for (const int of_28 : found->of_28) {
    const auto scaled = static_cast<int64_t>(std::round(of_28 / 28.0 * static_cast<double>(block_count)));
    depths.push_back(std::max(least, scaled));
  }
  return depths;
}

}  // namespace diffbench::methods::static_schedule
