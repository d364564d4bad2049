#include "methods/risk_controlled/procedures/splits.h"

#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <numeric>
#include <random>

#include "methods/config/input_error.h"
#include "tests/methods/risk_controlled/loss_tables.h"

namespace diffbench::risk_control {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr size_t kSplits = 400;
constexpr double kStandardErrors = 4.0;

// losses of 0 and 1 that rise with the column; column k has a risk of about 0.02 k, and k is its threshold
LossTable rising_table(size_t units) {
  std::mt19937_64 random(7);
  LossTable table{.source = "rising", .units = units, .losses = {}, .thresholds = {}};
  for (size_t unit = 0; unit < units; ++unit) {
    const double u = static_cast<double>(random() >> 11) * 0x1p-53;
    for (int k = 0; k <= 20; ++k) {
      table.losses.push_back(u < 0.02 * k ? 1.0 : 0.0);
    }
  }
  for (int k = 0; k <= 20; ++k) {
    table.thresholds.push_back(k);
    table.exits.push_back(1.0 - 0.03 * k);
  }
  return table;
}

SplitRow row_of(const Procedure& procedure, size_t calibration_units, double epsilon) {
  static const LossTable kTable = rising_table(8000);
  return evaluate_splits(kTable,
                         {.splits = kSplits, .calibration_units = calibration_units, .seed = 3, .epsilons = {epsilon}},
                         {&procedure, 1})
      .front();
}

bool seldom_exceeded(const SplitRow& row, double delta) {
  return row.exceeded_ratio <= delta + kStandardErrors * std::sqrt(delta * (1.0 - delta) / kSplits);
}

// the standard deviation of a risk whose middle 80 % are so wide: 2.56 deviations of a normal distribution
bool kept_on_average(const SplitRow& row) {
  const double deviation = (row.risk.high - row.risk.low) / 2.56;
  return row.risk.mean <= row.epsilon + kStandardErrors * deviation / std::sqrt(static_cast<double>(kSplits));
}

// epsilon between two columns, so that the noise of 8,000 units cannot push the column at epsilon over it
TEST(Splits, UpperBoundAndLttExceedEpsilonAtMostInAShareOfDelta) {
  for (const char* name : {"ucb_wsr", "ltt_hb"}) {
    const SplitRow row = row_of(procedure_named(name), 100, 0.11);
    EXPECT_TRUE(seldom_exceeded(row, 0.1)) << name << ": " << row.exceeded_ratio;
    EXPECT_GT(row.risk.mean, 0.03) << name;  // and they are of use
    EXPECT_LT(row.exit->mean, 0.97) << name;
  }
}

TEST(Splits, CrcKeepsEpsilonOnAverage) {
  for (const size_t units : {15, 50}) {
    const SplitRow row = row_of(procedure_named("crc"), units, 0.1);
    EXPECT_TRUE(kept_on_average(row)) << units << ": " << row.risk.mean;
  }
}

TEST(Splits, BrokenProceduresAreCaught) {
  EXPECT_FALSE(seldom_exceeded(row_of(procedure_named("naive"), 100, 0.11), 0.1));
  EXPECT_FALSE(seldom_exceeded(row_of(procedure_named("crc"), 100, 0.11), 0.1));  // it promises an average alone
  EXPECT_FALSE(kept_on_average(row_of(procedure_named("naive"), 15, 0.1)));
  Procedure too_bold = procedure_named("ucb_wsr");
  too_bold.test = [](std::span<const double> losses, const Target& target) {
    return procedure_named("ucb_wsr").test(losses,
                                           {target.epsilon, 0.6, target.bound});  // another delta than asked for
  };
  EXPECT_FALSE(seldom_exceeded(row_of(too_bold, 100, 0.11), 0.1));
  Procedure blind = procedure_named("naive");
  blind.test = [](std::span<const double>, const Target&) { return Verdict{0.0, true}; };
  const SplitRow last = row_of(blind, 100, 0.11);
  EXPECT_EQ(last.exceeded_ratio, 1.0);
  EXPECT_NEAR(last.risk.mean, 0.4, 0.02);
  EXPECT_NEAR(last.exit->mean, 0.4, 1e-12);
}

TEST(Splits, WhatCalibratesDoesNotTest) {
  // one unit of four loses: naive passes where it is not among the two that calibrate, and then finds it in the test
  const LossTable table = counted_table(4, {1});
  const auto rows = evaluate_splits(table, {.splits = 400, .calibration_units = 2, .seed = 1, .epsilons = {0.2}});
  const SplitRow& naive = rows.front();
  EXPECT_NEAR(naive.none_ratio, 0.5, 0.1);
  EXPECT_NEAR(naive.risk.mean, 0.5 * (1.0 - naive.none_ratio), 1e-12);
  EXPECT_NEAR(naive.exceeded_ratio, 1.0 - naive.none_ratio, 1e-12);
  EXPECT_FALSE(naive.exit.has_value());  // the table does not say
}

TEST(Splits, WhereNothingQualifiesTheFullNetworkRuns) {
  LossTable table = counted_table(40, {30, 40});
  table.exits = {0.9, 0.5};
  for (const SplitRow& row : evaluate_splits(table, {.splits = 5, .epsilons = {0.05}})) {
    EXPECT_EQ(row.risk.high, 0.0) << row.procedure->name;
    EXPECT_EQ(row.exit->low, 1.0);
    EXPECT_NEAR(row.none_ratio, 1.0, 1e-12);
  }
}

TEST(Splits, OrdersArePermutationsThatASeedFixes) {
  const auto orders = split_orders(10, 3000, 5);
  std::map<size_t, int> first;
  for (auto order : orders) {
    ++first[order.front()];
    std::sort(order.begin(), order.end());
    for (size_t i = 0; i < 10; ++i) {
      ASSERT_EQ(order[i], i);
    }
  }
  for (size_t unit = 0; unit < 10; ++unit) {
    EXPECT_NEAR(first[unit], 300, 4.0 * std::sqrt(3000 * 0.1 * 0.9)) << unit;
  }
  const auto fewer = split_orders(10, 20, 5);
  EXPECT_TRUE(std::equal(fewer.begin(), fewer.end(), orders.begin()));
  EXPECT_NE(split_orders(10, 20, 6), fewer);
  EXPECT_THAT(split_orders(1, 1, 0).front(), ElementsAre(0));
}

TEST(Splits, QuantilesByHand) {
  std::vector<double> values(11);
  std::iota(values.rbegin(), values.rend(), 0.0);
  const Spread spread = spread_of(values);
  EXPECT_THAT(std::vector({spread.mean, spread.low, spread.median, spread.high}),
              ElementsAre(DoubleEq(5.0), DoubleEq(1.0), DoubleEq(5.0), DoubleEq(9.0)));
  EXPECT_DOUBLE_EQ(spread_of({1.0, 2.0}).high, 1.9);
  EXPECT_DOUBLE_EQ(spread_of({3.0}).low, 3.0);
}

TEST(Splits, RefusesWhatCannotBeSplit) {
  LossTable table = counted_table(10, {0, 1});
  const auto refused = [&](const SplitRequest& request, const char* words) {
    EXPECT_THAT([&] { evaluate_splits(table, request); }, ThrowsMessage<config::InputError>(HasSubstr(words)));
  };
  refused({.splits = 2, .calibration_units = 10, .epsilons = {0.1}}, "--calibration-units 10: of the 10 units");
  refused({.splits = 2, .epsilons = {0.1, 1.0}}, "--epsilon 1");
  refused({.splits = 0, .epsilons = {0.1}}, "--splits");
  refused({.splits = 1, .epsilons = {}}, "--epsilons");
  table.exits = {1.0, 1.5};
  refused({.splits = 2, .epsilons = {0.1}}, "counted: exits[1] is 1.5");
}

}  // namespace
}  // namespace diffbench::risk_control
