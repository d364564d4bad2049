// Against scipy and statsmodels on fixed data (make_goldens.py), and the promises of the sequential rule.
#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <sstream>

#include "results/compare/contrast.h"
#include "results/compare/holm.h"
#include "results/compare/rank_sum.h"

namespace diffbench::results {
namespace {

using Values = std::vector<double>;

// all lines of one name
std::vector<Values> goldens(const std::string& name) {
  std::ifstream in(std::string(DIFFBENCH_TESTS_DIR) + "/results/compare/goldens.txt");
  std::vector<Values> found;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (first != name) continue;
    Values& values = found.emplace_back();
    for (std::string word; words >> word;) values.push_back(std::stod(word));
  }
  EXPECT_FALSE(found.empty()) << name;
  return found;
}

std::size_t count(double value) { return static_cast<std::size_t>(value); }

TEST(RankSum, EqualsScipy) {
  for (const char* name : {"rank_sum_exact", "rank_sum_normal"}) {
    for (const Values& golden : goldens(name)) {
      const RankSum distribution(count(golden[0]), count(golden[1]));
      EXPECT_NEAR(distribution.at_most(static_cast<std::int64_t>(golden[2])), golden[3], 1e-12 + 1e-9 * golden[3])
          << name;
    }
  }
}

TEST(RankSum, EndsOfTheDistribution) {
  const RankSum distribution(6, 6);
  EXPECT_EQ(distribution.at_most(-1), 0);
  EXPECT_NEAR(distribution.at_most(0), 1.0 / 924, 1e-15);
  EXPECT_EQ(distribution.at_most(36), 1);
  EXPECT_EQ(distribution.largest_below(1.0 / 925), -1);
  EXPECT_EQ(distribution.largest_below(1.0 / 923), 0);
}

TEST(Shift, EqualsScipysTestInverted) {
  for (const Values& golden : goldens("shift")) {
    const auto older = golden.begin() + 3;
    const auto newer = older + static_cast<std::ptrdiff_t>(golden[0]);
    const auto answer = newer + static_cast<std::ptrdiff_t>(golden[1]);
    const auto contrast = shift_of(Values(older, newer), Values(newer, answer));
    EXPECT_NEAR(contrast->estimate(), answer[0], 1e-12);
    const auto interval = contrast->interval(golden[2]);
    ASSERT_TRUE(interval);
    EXPECT_NEAR(interval->low, answer[1], 1e-12);
    EXPECT_NEAR(interval->high, answer[2], 1e-12);
  }
}

TEST(Holm, EqualsStatsmodels) {
  for (const Values& golden : goldens("holm")) {
    const auto m = static_cast<std::ptrdiff_t>(golden[0]);
    const Values p(golden.begin() + 1, golden.begin() + 1 + m);
    const auto levels = holm_levels(p, 0.05);
    for (std::size_t i = 0; i < p.size(); ++i) EXPECT_EQ(p[i] <= levels[i], golden[1 + p.size() + i] != 0) << i;
  }
}

TEST(Holm, WhatDoesNotStandIsHeldAgainstTheLevelAtWhichItFailed) {
  EXPECT_THAT(holm_levels(Values{0.9, 0.001, 0.5}, 0.06), testing::ElementsAre(0.03, 0.02, 0.03));
  EXPECT_TRUE(holm_levels(Values{}, 0.05).empty());
}

TEST(Student, EqualsScipy) {
  for (const Values& golden : goldens("student")) {
    const auto contrast = student_of(golden[1], golden[2], golden[0]);
    EXPECT_NEAR(contrast->p_beyond(golden[3]), golden[5], 1e-12);
    EXPECT_NEAR(contrast->interval(golden[4])->high - golden[1], golden[6], 1e-12);
  }
}

TEST(MedianInterval, RanksEqualScipysBinomial) {
  for (const Values& golden : goldens("median_rank")) {
    Values values(count(golden[0]));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
    const auto interval = quantile_interval(values, 0.5);
    ASSERT_TRUE(interval);
    EXPECT_EQ(interval->low, golden[1]);
  }
}

// every rule: the p value and the interval say the same
TEST(Contrasts, PAndIntervalAgree) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal(0.03, 0.03);
  const std::vector<std::function<ContrastPtr(const Values&, const Values&)>> rules = {
      [](const Values& a, const Values& b) { return shift_of(a, b); },
      [](const Values&, const Values& b) { return sequence_of(b); },
      [](const Values& a, const Values& b) { return percentile_of(a, b, 0.5); },
      [](const Values&, const Values& b) { return student_of(b[0], 0.02, 19); },
      [](const Values&, const Values& b) { return exact_of(b[0]); }};
  for (int trial = 0; trial < 60; ++trial) {
    Values older(40);
    Values newer(40);
    for (auto* side : {&older, &newer}) std::generate(side->begin(), side->end(), [&] { return normal(random); });
    for (std::size_t rule = 0; rule < rules.size(); ++rule) {
      const auto contrast = rules[rule](older, newer);
      for (const double alpha : {0.05, 0.001}) {
        const auto interval = contrast->interval(alpha);
        const bool beyond = interval && (interval->low > 0.02 || interval->high < -0.02);
        EXPECT_EQ(contrast->p_beyond(0.02) <= alpha, beyond) << "rule " << rule << ", trial " << trial;
      }
    }
  }
}

TEST(Contrasts, LeastNIsTheFirstThatSupportsAnInterval) {
  for (const double alpha : {0.05, 0.002}) {
    Values few(200);
    for (std::size_t i = 0; i < few.size(); ++i) few[i] = static_cast<double>(i);
    const auto supports = [&](const ContrastPtr& contrast) { return contrast->interval(alpha).has_value(); };
    const auto shift = static_cast<std::size_t>(shift_of(few, few)->least_n(alpha));
    EXPECT_TRUE(supports(shift_of(Values(few.begin(), few.begin() + shift), Values(few.begin(), few.begin() + shift))));
    EXPECT_FALSE(
        supports(shift_of(Values(few.begin(), few.begin() + shift - 1), Values(few.begin(), few.begin() + shift - 1))));
    const auto sequence = static_cast<std::size_t>(sequence_of(few)->least_n(alpha));
    Values ones(sequence, 1.0);
    EXPECT_TRUE(supports(sequence_of(ones)));
    ones.pop_back();
    EXPECT_FALSE(supports(sequence_of(ones)));
  }
}

TEST(Sequence, DecidesALargeEffectWithinTwentyRounds) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal(std::log(1.1), 0.02);
  Values differences(20);
  std::generate(differences.begin(), differences.end(), [&] { return normal(random); });
  EXPECT_LT(sequence_of(differences)->p_beyond(std::log(1.02)), 0.01);
}

}  // namespace
}  // namespace diffbench::results
