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
#include "results/compare/signed_rank.h"

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

TEST(SignedRank, EqualsScipy) {
  for (const char* name : {"signed_rank_exact", "signed_rank_normal"}) {
    for (const Values& golden : goldens(name)) {
      const SignedRank distribution(count(golden[0]));
      EXPECT_NEAR(distribution.at_most(static_cast<std::int64_t>(golden[1])), golden[2], 1e-12 + 1e-9 * golden[2])
          << name << ", n = " << golden[0];
    }
  }
}

TEST(SignedRank, EndsOfTheDistribution) {
  const SignedRank distribution(10);
  EXPECT_EQ(distribution.means(), 55);
  EXPECT_EQ(distribution.at_most(-1), 0);
  EXPECT_NEAR(distribution.at_most(0), 1.0 / 1024, 1e-15);
  EXPECT_EQ(distribution.at_most(55), 1);
  EXPECT_EQ(distribution.largest_below(1.0 / 1025), -1);
  EXPECT_EQ(distribution.largest_below(1.0 / 1023), 0);
}

TEST(Centre, EqualsScipysTestInverted) {
  for (const Values& golden : goldens("centre")) {
    const auto answer = golden.begin() + 2 + static_cast<std::ptrdiff_t>(golden[0]);
    const auto contrast = centre_of(Values(golden.begin() + 2, answer));
    EXPECT_NEAR(contrast->estimate(), answer[0], 1e-12);
    const auto interval = contrast->interval(golden[1]);
    ASSERT_TRUE(interval);
    EXPECT_NEAR(interval->low, answer[1], 1e-12);
    EXPECT_NEAR(interval->high, answer[2], 1e-12);
    EXPECT_NEAR(contrast->p_beyond(0.2), answer[3], 1e-9);
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
      [](const Values&, const Values& b) { return centre_of(b); },
      [](const Values&, const Values& b) { return turns_of(b, false); },
      [](const Values&, const Values& b) { return turns_of(b, true); },
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
    using Rule = ContrastPtr (*)(std::span<const double>);
    for (const Rule rule : {Rule(sequence_of), Rule(centre_of),
                            Rule([](std::span<const double> values) { return turns_of(values, false); }),
                            Rule([](std::span<const double> values) { return turns_of(values, true); })}) {
      Values ones(static_cast<std::size_t>(rule(few)->least_n(alpha)), 1.0);
      EXPECT_TRUE(supports(rule(ones)));
      ones.pop_back();
      EXPECT_FALSE(supports(rule(ones)));
    }
  }
}

TEST(Sequence, DecidesALargeEffectWithinTwentyRounds) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal(std::log(1.1), 0.02);
  Values differences(20);
  std::generate(differences.begin(), differences.end(), [&] { return normal(random); });
  EXPECT_LT(sequence_of(differences)->p_beyond(std::log(1.02)), 0.01);
  EXPECT_LT(turns_of(differences, false)->p_beyond(std::log(1.02)), 0.01);
}

// alpha is spent once: a fifth on all looks, four fifths on the last
TEST(Turns, HoldWhatTheSequenceAndTheCentreHoldAtTheirShares) {
  std::mt19937_64 random(6);
  std::normal_distribution<double> normal(0.02, 0.05);
  Values differences(300);
  std::generate(differences.begin(), differences.end(), [&] { return normal(random); });
  const auto sequence = sequence_of(differences);
  const auto centre = centre_of(differences);
  for (const double alpha : {0.05, 0.01}) {
    const auto always = sequence->interval(alpha / 5);
    const auto at_end = centre->interval(4 * alpha / 5);
    const auto early = turns_of(differences, false)->interval(alpha);
    const auto late = turns_of(differences, true)->interval(alpha);
    EXPECT_DOUBLE_EQ(early->low, always->low);
    EXPECT_DOUBLE_EQ(early->high, always->high);
    EXPECT_DOUBLE_EQ(late->low, std::max(always->low, at_end->low));
    EXPECT_DOUBLE_EQ(late->high, std::min(always->high, at_end->high));
    EXPECT_LT(late->high - late->low, 0.75 * (early->high - early->low)) << "what the end is worth";
  }
  EXPECT_EQ(turns_of(differences, false)->estimate(), sequence->estimate());
  EXPECT_EQ(turns_of(differences, true)->estimate(), centre->estimate());
}

TEST(Turns, ATooShortRunIsHeldByTheRanksAlone) {
  const Values eight = {0.1, 0.11, 0.12, 0.13, 0.14, 0.15, 0.16, 0.17};
  EXPECT_FALSE(turns_of(eight, false)->interval(0.05));
  EXPECT_TRUE(turns_of(eight, true)->interval(0.05));
  EXPECT_EQ(turns_of(eight, true)->p_beyond(0.05), 2.0 / 256 / 0.8);
}

}  // namespace
}  // namespace diffbench::results
