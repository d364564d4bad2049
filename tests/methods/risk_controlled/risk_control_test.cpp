#include "methods/risk_controlled/procedures/risk_control.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <map>

#include "methods/config/input_error.h"
#include "tests/methods/risk_controlled/loss_tables.h"

namespace diffbench::risk_control {
namespace {

using ::testing::HasSubstr;
using Index = std::optional<size_t>;

Index index_of(const char* procedure, const LossTable& table, const Target& target) {
  return calibrate(table, procedure_named(procedure), target).index;
}

TEST(Calibrate, CountsByHand) {
  // lost of 100: naive allows up to 9 (0.1 itself not), CRC up to 9.1, both 10 at an epsilon of 0.11
  const LossTable table = counted_table(100, {0, 5, 9, 10, 12});
  EXPECT_EQ(index_of("naive", table, {0.1, 0.1, 1.0}), Index(2));
  EXPECT_EQ(index_of("crc", table, {0.1, 0.1, 1.0}), Index(2));
  EXPECT_EQ(index_of("naive", table, {0.11, 0.1, 1.0}), Index(3));
  EXPECT_EQ(index_of("crc", table, {0.11, 0.1, 1.0}), Index(3));
  // at an epsilon of 0.1: p = 2.7e-5, 0.156, 1, ...: only the first is rejected
  EXPECT_EQ(index_of("ltt_hb", table, {0.1, 0.1, 1.0}), Index(0));
  EXPECT_EQ(index_of("ltt_hb", table, {0.1, 0.2, 1.0}), Index(1));
}

TEST(Calibrate, CrcIsInclusiveAndNaiveIsNot) {
  const LossTable one_of_nine = counted_table(9, {1});
  EXPECT_EQ(index_of("crc", one_of_nine, {0.2, 0.1, 1.0}), Index(0));  // (10 * 0.2 - 1) / 9 = 1 / 9
  EXPECT_EQ(index_of("naive", counted_table(10, {1}), {0.1, 0.1, 1.0}), Index());
}

TEST(Calibrate, NoThresholdWhereNotEvenTheSafestQualifies) {
  const LossTable table = counted_table(50, {40, 45, 50});
  for (const auto& procedure : procedures()) {
    const Calibration result = calibrate(table, procedure, {0.1, 0.1, 1.0});
    EXPECT_EQ(result.index, Index()) << procedure.name;
    EXPECT_FALSE(result.candidates[0].certified) << procedure.name;
  }
  // too few units: even without a single loss the bounds are above epsilon
  for (const char* procedure : {"crc", "ucb_wsr", "ltt_hb"}) {
    EXPECT_EQ(index_of(procedure, counted_table(5, {0, 0}), {0.05, 0.1, 1.0}), Index()) << procedure;
  }
}

TEST(Calibrate, TheSequenceEndsAtTheFirstFailureAndTheOthersGoOn) {
  const LossTable table = counted_table(200, {0, 2, 80, 2, 90});
  const Target target{0.1, 0.1, 1.0};
  EXPECT_EQ(index_of("naive", table, target), Index(3));
  EXPECT_EQ(index_of("crc", table, target), Index(3));
  EXPECT_EQ(index_of("ucb_wsr", table, target), Index(1));
  EXPECT_EQ(index_of("ltt_hb", table, target), Index(1));  // the last certified, not the first that is not
  const Calibration result = calibrate(table, procedure_named("ltt_hb"), target);
  EXPECT_LE(result.candidates[3].bound, target.delta);  // rejected alone, but after a failure
  EXPECT_FALSE(result.candidates[3].certified);
}

TEST(Calibrate, AllCertifiedGivesTheLast) {
  for (const auto& procedure : procedures()) {
    EXPECT_EQ(index_of(procedure.name, counted_table(300, {0, 0, 1}), {0.2, 0.1, 1.0}), Index(2)) << procedure.name;
  }
}

TEST(Calibrate, ABoundOfTwoScalesLossesAndEpsilonTogether) {
  const std::vector<int> counts = {0, 4, 9, 15, 22, 40, 150};
  const LossTable unit = counted_table(200, counts);
  LossTable doubled = unit;
  for (double& loss : doubled.losses) {
    loss *= 2.0;
  }
  for (const auto& procedure : procedures()) {
    for (const double epsilon : {0.05, 0.1, 0.3, 0.9}) {
      const auto one = calibrate(unit, procedure, {epsilon, 0.1, 1.0});
      const auto two = calibrate(doubled, procedure, {2.0 * epsilon, 0.1, 2.0});
      EXPECT_EQ(one.index, two.index) << procedure.name << " " << epsilon;
      const double factor = procedure.bound_kind == BoundKind::p_value ? 1.0 : 2.0;
      EXPECT_NEAR(two.candidates[4].bound, factor * one.candidates[4].bound, 1e-12) << procedure.name;
    }
  }
  // a root between 1 and 2, where a search that ends at 1 - epsilon finds none
  const auto wide = calibrate(doubled, procedure_named("ucb_wsr"), {1.8, 0.1, 2.0});
  EXPECT_EQ(wide.index, Index(6));
  EXPECT_GT(wide.candidates[6].bound, 1.5);
  EXPECT_LT(wide.candidates[6].bound, 1.8);
}

TEST(Calibrate, NegativeLossesHelpAllButLtt) {
  LossTable table = counted_table(100, {10});  // 10 lost, 30 won: the mean is -0.2
  for (size_t unit = 0; unit < 30; ++unit) {
    *std::find(table.losses.begin(), table.losses.end(), 0.0) = -1.0;
  }
  const Target target{0.05, 0.1, 1.0};
  for (const char* procedure : {"naive", "crc", "ucb_wsr"}) {
    EXPECT_EQ(index_of(procedure, table, target), Index(0)) << procedure;
  }
  EXPECT_EQ(index_of("ltt_hb", table, target), Index());
  EXPECT_DOUBLE_EQ(calibrate(table, procedure_named("ltt_hb"), target).candidates[0].risk, -0.2);
}

TEST(Calibrate, RecommendsLttOnlyWhereAProcedureThatNeedsARisingRiskMeetsAFallingOne) {
  const LossTable falling = counted_table(200, {0, 80, 2});
  const LossTable rising = counted_table(200, {0, 2, 80});
  const std::map<std::string, bool> recommended = {
      {"naive", false}, {"crc", true}, {"ucb_wsr", true}, {"ltt_hb", false}};
  for (const auto& procedure : procedures()) {
    EXPECT_EQ(calibrate(falling, procedure, {0.1, 0.1, 1.0}).should_use_ltt(), recommended.at(procedure.name));
    EXPECT_FALSE(calibrate(rising, procedure, {0.1, 0.1, 1.0}).should_use_ltt());
  }
}

void expect_refused(const LossTable& table, const Target& target, const std::string& words) {
  try {
    calibrate(table, procedure_named("ltt_hb"), target);
    FAIL() << "accepted: " << words;
  } catch (const config::InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr(words));
    EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("\n")));
  }
}

TEST(Calibrate, RefusesTargetsOutOfRange) {
  const LossTable table = counted_table(10, {0, 1});
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  for (const double epsilon : {0.0, -0.1, 1.0, 1.5, kNan}) {
    expect_refused(table, {epsilon, 0.1, 1.0}, "--epsilon");
  }
  for (const double delta : {0.0, 1.0, -0.2, kNan}) {
    expect_refused(table, {0.1, delta, 1.0}, "--delta");
  }
  for (const double bound : {0.0, -1.0, kNan, std::numeric_limits<double>::infinity()}) {
    expect_refused(table, {0.1, 0.1, bound}, "--bound");
  }
}

TEST(Calibrate, RefusesTablesThatCannotBe) {
  const Target target{0.1, 0.1, 1.0};
  for (const double loss : {1.5, -1.5, std::nan(""), HUGE_VAL}) {
    LossTable table = counted_table(10, {0, 1});
    table.losses[7] = loss;
    expect_refused(table, target, "counted: losses[3, 1]");
  }
  LossTable doubled = counted_table(10, {0, 1});
  doubled.losses[7] = 1.5;
  EXPECT_NO_THROW(calibrate(doubled, procedure_named("ltt_hb"), {0.1, 0.1, 2.0}));
  expect_refused(LossTable{"empty", 0, {}, {}}, target, "empty: losses are [0, 0]");
  expect_refused(LossTable{"no rows", 0, {}, {1.0}}, target, "no rows: losses are [0, 1]");
  LossTable table = counted_table(10, {0, 1});
  table.thresholds.push_back(3.0);
  expect_refused(table, target, "20 losses do not fill [10, 3]");
  table.thresholds = {0.0, std::nan("")};
  expect_refused(table, target, "thresholds[1]");
}

TEST(Procedures, AnUnknownNameListsTheNearest) {
  try {
    procedure_named("ucb_wrs");
    FAIL();
  } catch (const config::InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'ucb_wsr'"));
  }
}

}  // namespace
}  // namespace diffbench::risk_control
