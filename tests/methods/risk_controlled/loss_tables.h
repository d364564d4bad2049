#pragma once
// Tables of losses for tests.
//
//   LossTable table = counted_table(100, {0, 5, 9});   // of 100 units, 0, 5 and 9 are lost at the three thresholds

#include <string>
#include <vector>

#include "methods/risk_controlled/procedures/loss_table.h"

namespace diffbench::risk_control {

// losses of 0 and 1, the lost units spread evenly over the rows; threshold k is k
inline LossTable counted_table(size_t units, const std::vector<int>& lost) {
  LossTable table{.source = "counted", .units = units, .losses = {}, .thresholds = {}};
  for (size_t unit = 0; unit < units; ++unit) {
    for (const int count : lost) {
      const auto before = unit * static_cast<size_t>(count) / units;
      table.losses.push_back((unit + 1) * static_cast<size_t>(count) / units > before ? 1.0 : 0.0);
    }
  }
  for (size_t k = 0; k < lost.size(); ++k) {
    table.thresholds.push_back(static_cast<double>(k));
  }
  return table;
}

}  // namespace diffbench::risk_control
