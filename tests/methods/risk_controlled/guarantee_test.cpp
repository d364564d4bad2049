// What the procedures promise, over 1,000 calibration sets from distributions whose true risks are known. The same
// checks must fail for procedures that are known to be wrong, otherwise they would show nothing.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

#include "methods/risk_controlled/procedures/risk_control.h"

namespace diffbench::risk_control {
namespace {

constexpr int kSets = 1000;
constexpr double kStandardErrors = 4.0;

using Random = std::mt19937_64;
using Index = std::optional<size_t>;
using Choice = std::function<Index(const LossTable&, const Target&)>;

double uniform(Random& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }

struct Distribution {
  const char* name;
  double bound;
  std::vector<double> risks;                                         // [L], the true ones
  std::vector<double> (*draw)(const std::vector<double>&, Random&);  // one row of losses with these expectations
};

std::vector<double> draw_zero_one(const std::vector<double>& risks, Random& random) {
  std::vector<double> losses;
  const double u = uniform(random);
  for (const double risk : risks) {
    losses.push_back(u < risk ? 1.0 : 0.0);
  }
  return losses;
}

std::vector<double> draw_up_to_two(const std::vector<double>& risks, Random& random) {
  std::vector<double> losses = draw_zero_one(risks, random);
  const double size = 2.0 * uniform(random);
  std::transform(losses.begin(), losses.end(), losses.begin(), [=](double loss) { return size * loss; });
  return losses;
}

// one unit in five is better off with the early exit
std::vector<double> draw_gap(const std::vector<double>& risks, Random& random) {
  std::vector<double> losses;
  const double u = uniform(random);
  for (const double risk : risks) {
    losses.push_back(u < risk + 0.2 ? 1.0 : u > 0.8 ? -1.0 : 0.0);
  }
  return losses;
}

std::vector<double> draw_each_column_apart(const std::vector<double>& risks, Random& random) {
  std::vector<double> losses;
  for (const double risk : risks) {
    losses.push_back(uniform(random) < risk ? 1.0 : 0.0);
  }
  return losses;
}

std::vector<double> fine_risks() {
  std::vector<double> risks;
  for (int k = 0; k <= 20; ++k) {
    risks.push_back(0.02 * k);
  }
  return risks;
}

const std::vector<Distribution>& distributions() {
  static const std::vector<Distribution> kAll = {
      {"zero-one, fine", 1.0, fine_risks(), draw_zero_one},
      {"zero-one, coarse", 1.0, {0.0, 0.03, 0.2, 0.4}, draw_zero_one},
      {"up to two, fine", 2.0, fine_risks(), draw_up_to_two},
      {"gap, fine", 1.0, fine_risks(), draw_gap},
      {"not monotone", 1.0, {0.0, 0.03, 0.13, 0.05, 0.12, 0.02, 0.12, 0.11}, draw_each_column_apart},
  };
  return kAll;
}

struct Trials {
  int violations = 0;
  int chosen = 0;  // sets with an answer
  double mean_risk = 0.0;
  double standard_error = 0.0;
};

Trials run(const Distribution& distribution, size_t units, const Target& target, const Choice& choose) {
  Random random(20240531);
  Trials trials;
  double squares = 0.0;
  for (int set = 0; set < kSets; ++set) {
    LossTable table{.source = distribution.name, .units = units, .losses = {}, .thresholds = distribution.risks};
    for (size_t unit = 0; unit < units; ++unit) {
      const auto row = distribution.draw(distribution.risks, random);
      table.losses.insert(table.losses.end(), row.begin(), row.end());
    }
    const Index index = choose(table, target);
    const double risk = index ? distribution.risks[*index] : 0.0;  // nothing chosen: the full network, no loss
    trials.chosen += index ? 1 : 0;
    trials.violations += risk > target.epsilon + 1e-12 ? 1 : 0;
    trials.mean_risk += risk / kSets;
    squares += risk * risk / kSets;
  }
  trials.standard_error = std::sqrt((squares - trials.mean_risk * trials.mean_risk) / kSets);
  return trials;
}

bool seldom_violated(const Trials& trials, double delta) {
  return trials.violations <= kSets * delta + kStandardErrors * std::sqrt(kSets * delta * (1.0 - delta));
}

bool kept_on_average(const Trials& trials, double epsilon) {
  return trials.mean_risk <= epsilon + kStandardErrors * trials.standard_error;
}

Choice procedure(const std::string& name) {
  return [name](const LossTable& table, const Target& target) {
    return calibrate(table, procedure_named(name), target).index;
  };
}

// the first threshold that is not certified, as the public code of arXiv 2405.20915 returns
Index ltt_off_by_one(const LossTable& table, const Target& target) {
  const Index last = calibrate(table, procedure_named("ltt_hb"), target).index;
  return std::min(last ? *last + 1 : 0, table.thresholds.size() - 1);
}

Target target_of(const Distribution& distribution) { return {0.1, 0.1, distribution.bound}; }

TEST(Guarantee, UpperBoundAndLttExceedEpsilonAtMostInAShareOfDelta) {
  for (const auto& distribution : distributions()) {
    for (const char* name : {"ucb_wsr", "ltt_hb"}) {
      const Trials trials = run(distribution, 100, target_of(distribution), procedure(name));
      EXPECT_TRUE(seldom_violated(trials, 0.1)) << distribution.name << " " << name << ": " << trials.violations;
    }
  }
}

TEST(Guarantee, UpperBoundAndLttAreOfUse) {
  for (const char* name : {"ucb_wsr", "ltt_hb"}) {
    const auto& distribution = distributions()[0];
    const Trials trials = run(distribution, 100, target_of(distribution), procedure(name));
    EXPECT_EQ(trials.chosen, kSets) << name;
    EXPECT_GT(trials.mean_risk, 0.03) << name;  // of 0.1 allowed
  }
}

TEST(Guarantee, CrcKeepsEpsilonOnAverage) {
  for (size_t i = 0; i < 4; ++i) {  // those whose every loss rises
    const auto& distribution = distributions()[i];
    for (const size_t units : {15, 50}) {
      const Trials trials = run(distribution, units, target_of(distribution), procedure("crc"));
      EXPECT_TRUE(kept_on_average(trials, 0.1)) << distribution.name << ": " << trials.mean_risk;
      if (units == 50) {  // and it is of use
        EXPECT_GT(trials.mean_risk, 0.02) << distribution.name;
      }
    }
  }
}

TEST(Guarantee, TheChecksFailForTheNaiveProcedure) {
  const auto& fine = distributions()[0];
  EXPECT_FALSE(seldom_violated(run(fine, 100, target_of(fine), procedure("naive")), 0.1));
  // of 15 units one may be lost, and the risk at which a second is lost is 2 / 16 on average
  EXPECT_FALSE(kept_on_average(run(fine, 15, target_of(fine), procedure("naive")), 0.1));
}

TEST(Guarantee, TheCheckFailsForCrcUsedAsIfItKnewDelta) {
  const auto& fine = distributions()[0];
  EXPECT_FALSE(seldom_violated(run(fine, 100, target_of(fine), procedure("crc")), 0.1));
}

TEST(Guarantee, TheCheckFailsForTheOffByOneOfThePublicCode) {
  const auto& coarse = distributions()[1];
  EXPECT_FALSE(seldom_violated(run(coarse, 100, target_of(coarse), ltt_off_by_one), 0.1));
}

TEST(Guarantee, CrcNeedsLossesThatRiseAndLttDoesNot) {
  Distribution level{"forty columns just too risky", 1.0, std::vector<double>(41, 0.14), draw_each_column_apart};
  level.risks[0] = 0.0;
  const Target target{0.1, 0.1, 1.0};
  EXPECT_FALSE(kept_on_average(run(level, 50, target, procedure("crc")), 0.1));
  EXPECT_TRUE(seldom_violated(run(level, 50, target, procedure("ltt_hb")), 0.1));
  EXPECT_TRUE(seldom_violated(run(level, 50, target, procedure("ucb_wsr")), 0.1));
}

}  // namespace
}  // namespace diffbench::risk_control
