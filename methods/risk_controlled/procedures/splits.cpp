#include "methods/risk_controlled/procedures/splits.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "methods/config/input_error.h"
#include "methods/risk_controlled/procedures/bounds.h"

namespace diffbench::risk_control {
namespace {

constexpr double kRounding = 1e-12;  // a mean loss of exactly epsilon does not exceed it

struct Split {
  LossTable calibration;
  std::vector<double> test_risks;  // [L]
};

LossTable rows_of(const LossTable& table, std::span<const size_t> units) {
  const size_t width = table.thresholds.size();
  LossTable part{table.source, units.size(), {}, table.thresholds, table.exits};
  part.losses.reserve(units.size() * width);
  for (const size_t unit : units) {
    const auto row = table.losses.begin() + static_cast<std::ptrdiff_t>(unit * width);
    part.losses.insert(part.losses.end(), row, row + static_cast<std::ptrdiff_t>(width));
  }
  return part;
}

Split split_at(const LossTable& table, std::span<const size_t> order, size_t calibration_units) {
  Split split{rows_of(table, order.first(calibration_units)), {}};
  const LossTable test = rows_of(table, order.subspan(calibration_units));
  for (size_t k = 0; k < table.thresholds.size(); ++k) {
    split.test_risks.push_back(mean(test.column(k)));
  }
  return split;
}

SplitRow evaluate(const std::vector<Split>& splits, const Procedure& procedure, const Target& target) {
  std::vector<double> risks;
  std::vector<double> exits;
  SplitRow row{.procedure = &procedure, .epsilon = target.epsilon};
  int exceeded = 0;
  int none = 0;
  for (const Split& split : splits) {
    const auto index = calibrate(split.calibration, procedure, target).index;
    risks.push_back(index ? split.test_risks[*index] : 0.0);
    exceeded += risks.back() > target.epsilon + kRounding ? 1 : 0;
    none += index ? 0 : 1;
    if (!split.calibration.exits.empty()) {
      exits.push_back(index ? split.calibration.exits[*index] : 1.0);
    }
  }
  row.exceeded_ratio = exceeded / static_cast<double>(splits.size());
  row.none_ratio = none / static_cast<double>(splits.size());
  row.risk = spread_of(std::move(risks));
  if (!exits.empty()) {
    row.exit = spread_of(std::move(exits));
  }
  return row;
}

}  // namespace

Spread spread_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto quantile = [&](double q) {
    const double place = q * static_cast<double>(values.size() - 1);
    const auto below = static_cast<size_t>(place);
    const size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
  };
  return {mean(values), quantile(kLowQuantile), quantile(0.5), quantile(kHighQuantile)};
}

std::vector<std::vector<size_t>> split_orders(size_t units, size_t splits, uint64_t seed) {
  // written out because the library's shuffle differs between machines; the modulo's bias is under 2^-40 here
  std::mt19937_64 generator(seed);
  std::vector<std::vector<size_t>> orders(splits, std::vector<size_t>(units));
  for (auto& order : orders) {
    std::iota(order.begin(), order.end(), size_t{0});
    for (size_t i = 0; i + 1 < units; ++i) {
      std::swap(order[i], order[i + generator() % (units - i)]);
    }
  }
  return orders;
}

size_t check(const LossTable& table, const SplitRequest& request) {
  if (request.splits == 0 || request.epsilons.empty()) {
    throw config::InputError("--splits, --epsilons: nothing to do");
  }
  for (const double epsilon : request.epsilons) {
    check(Target{epsilon, request.delta, request.bound});
  }
  check(table, request.bound);
  const size_t calibration = request.calibration_units > 0 ? request.calibration_units : table.units / 2;
  if (calibration == 0 || calibration >= table.units) {
    throw config::InputError(
        fmt::format("--calibration-units {}: of the {} units of {} some must calibrate and some test", calibration,
                    table.units, table.source));
  }
  return calibration;
}

std::vector<SplitRow> evaluate_splits(const LossTable& table, const SplitRequest& request,
                                      std::span<const Procedure> candidates) {
  const size_t calibration_units = check(table, request);
  std::vector<Split> splits;
  for (const auto& order : split_orders(table.units, request.splits, request.seed)) {
    splits.push_back(split_at(table, order, calibration_units));
  }
  std::vector<SplitRow> rows;
  for (const Procedure& procedure : candidates) {
    for (const double epsilon : request.epsilons) {
      rows.push_back(evaluate(splits, procedure, {epsilon, request.delta, request.bound}));
    }
  }
  return rows;
}

}  // namespace diffbench::risk_control
