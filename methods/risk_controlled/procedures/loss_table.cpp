#include "methods/risk_controlled/procedures/loss_table.h"

#include <fmt/core.h>

#include <cmath>

#include "methods/config/input_error.h"
#include "methods/data/tensor_file.h"

namespace diffbench::risk_control {
namespace {

std::vector<double> read_values(const data::NamedTensors& file, const std::string& source, const std::string& name,
                                const std::vector<int64_t>& shape) {
  const auto found = file.find(name);
  if (found != file.end() && found->second.dtype == data::DType::f32) {
    const auto values = data::require(file, source, name, data::DType::f32, shape).as<float>();
    return {values.begin(), values.end()};
  }
  const auto values = data::require(file, source, name, data::DType::f64, shape).as<double>();
  return {values.begin(), values.end()};
}

}  // namespace

std::vector<double> LossTable::column(size_t index) const {
  std::vector<double> values(units);
  for (size_t unit = 0; unit < units; ++unit) {
    values[unit] = losses[unit * thresholds.size() + index];
  }
  return values;
}

LossTable read_loss_table(const std::filesystem::path& path) {
  const auto file = data::read_tensors(path);
  LossTable table;
  table.source = path.string();
  table.losses = read_values(file, table.source, "losses", {data::kAnySize, data::kAnySize});
  const auto& shape = file.at("losses").shape;
  table.units = static_cast<size_t>(shape[0]);
  table.thresholds = read_values(file, table.source, "thresholds", {shape[1]});
  if (file.contains("exits")) {
    table.exits = read_values(file, table.source, "exits", {shape[1]});
  }
  return table;
}

void check(const LossTable& table, double bound) {
  const size_t width = table.thresholds.size();
  if (table.units == 0 || width == 0) {
    throw config::InputError(
        fmt::format("{}: losses are [{}, {}]: nothing to calibrate on", table.source, table.units, width));
  }
  if (table.losses.size() != table.units * width) {
    throw config::InputError(fmt::format("{}: {} losses do not fill [{}, {}], {} thresholds", table.source,
                                         table.losses.size(), table.units, width, width));
  }
  for (size_t k = 0; k < width; ++k) {
    if (!std::isfinite(table.thresholds[k])) {
      throw config::InputError(
          fmt::format("{}: thresholds[{}] is {}: not finite", table.source, k, table.thresholds[k]));
    }
  }
  for (size_t i = 0; i < table.losses.size(); ++i) {
    if (!(std::fabs(table.losses[i]) <= bound)) {  // false for NaN too
      throw config::InputError(fmt::format("{}: losses[{}, {}] is {}: outside [-{}, {}], see --bound", table.source,
                                           i / width, i % width, table.losses[i], bound, bound));
    }
  }
  for (size_t k = 0; k < table.exits.size(); ++k) {
    if (!(table.exits[k] >= 0.0 && table.exits[k] <= 1.0)) {
      throw config::InputError(
          fmt::format("{}: exits[{}] is {}: a share of the blocks lies in [0, 1]", table.source, k, table.exits[k]));
    }
  }
}

}  // namespace diffbench::risk_control
