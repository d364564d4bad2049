// What must hold of the simulated cluster whatever the numbers, and what can be computed by hand. That it agrees with
// measurements: results/scale_out.
#include "harness/predict/simulate.h"

#include <gmock/gmock.h>

#include <cmath>

namespace diffbench::predict {
namespace {

using ::testing::HasSubstr;

Cluster ranks_of_speed(const std::vector<double>& speeds) {
  Cluster cluster{.link = {.latency_ns = 0, .bytes_per_ns = 1e9}};
  for (const double speed : speeds) cluster.ranks.push_back({.node = 0, .speed = speed});
  cluster.price_per_hour = {0};
  return cluster;
}

TEST(Simulate, OneRankTakesTheSumOfItsBatches) {
  const auto forecast = simulate(ranks_of_speed({1}), {.pieces = 10, .piece_ns = {1e8}});
  EXPECT_DOUBLE_EQ(forecast.wall_ns, 1e9);
  EXPECT_DOUBLE_EQ(forecast.efficiency, 1);
  EXPECT_DOUBLE_EQ(forecast.imbalance, 1);
  EXPECT_THAT(forecast.limit, HasSubstr("nothing"));
}

TEST(Simulate, TwiceAsFastTakesHalf) {
  EXPECT_DOUBLE_EQ(simulate(ranks_of_speed({2}), {.pieces = 10, .piece_ns = {1e8}}).wall_ns, 5e8);
}

TEST(Simulate, StoringIsPartOfTheWallTimeOnlyAtTheEnd) {
  const Work work{.pieces = 10, .piece_ns = {1e8}, .storing_ns = 1e6};
  EXPECT_NEAR(simulate(ranks_of_speed({1}), work).wall_ns, 1e9 + 1e6, 1);
}

TEST(Simulate, RanksNeverGiveMoreThanTheirSumAndComeNearIt) {
  for (const size_t ranks : {2, 3, 8, 64}) {
    for (const double slow : {1.0, 1.0 / 3}) {
      std::vector<double> speeds(ranks, 1.0);
      speeds.back() = slow;
      const auto forecast = simulate(ranks_of_speed(speeds),
                                     {.pieces = static_cast<std::int64_t>(100 * ranks), .piece_ns = {9e7, 1e8, 1.1e8}});
      // times are drawn: 100 batches a rank vary by 1 %
      EXPECT_LT(forecast.efficiency, 1.02) << ranks;
      EXPECT_GT(forecast.efficiency, 0.95) << ranks;
    }
  }
}

TEST(Simulate, RankZeroLimitsWhatItCannotStore) {
  const Work work{.pieces = 2000, .piece_ns = {1e8}, .storing_ns = 1e7};  // ten ranks' batches in the time of one
  const auto forecast = simulate(ranks_of_speed(std::vector<double>(100, 1.0)), work);
  EXPECT_NEAR(forecast.efficiency, 0.1, 0.01);
  EXPECT_GT(forecast.clerk_share, 0.95);
  EXPECT_THAT(forecast.limit, HasSubstr("rank 0"));
}

TEST(Simulate, FewBatchesAreWaitedFor) {
  const auto forecast = simulate(ranks_of_speed(std::vector<double>(8, 1.0)), {.pieces = 9, .piece_ns = {1e8}});
  EXPECT_NEAR(forecast.efficiency, 9.0 / 16, 1e-3);
  EXPECT_THAT(forecast.limit, HasSubstr("too few batches"));
}

TEST(Simulate, ALinkAddsItsTime) {
  auto cluster = ranks_of_speed({1, 1});
  cluster.link = {.latency_ns = 1e7, .bytes_per_ns = 1};
  // rank 1: a wish, an answer and 1e7 bytes for each batch of 1e8 ns
  const auto forecast = simulate(cluster, {.pieces = 200, .piece_ns = {1e8}, .result_bytes = 1e7});
  EXPECT_NEAR(forecast.efficiency, (1 + 1 / 1.3) / 2, 0.01);
}

TEST(Simulate, AllResultsComeThroughOneLink) {
  auto cluster = ranks_of_speed(std::vector<double>(101, 1.0));
  cluster.link = {.latency_ns = 0, .bytes_per_ns = 1};
  // a result takes 1e7 ns, a tenth of a batch: ten ranks fill the link, and rank 0 needs none
  const auto forecast = simulate(cluster, {.pieces = 5000, .piece_ns = {1e8}, .result_bytes = 1e7});
  EXPECT_NEAR(forecast.efficiency, 0.11, 0.02);
}

TEST(Simulate, TheSeedAloneDecides) {
  const Work work{.pieces = 100, .piece_ns = {9e7, 1e8, 1.3e8}, .seed = 4};
  const auto cluster = ranks_of_speed({1, 1, 0.5});
  EXPECT_EQ(simulate(cluster, work).wall_ns, simulate(cluster, work).wall_ns);
}

}  // namespace
}  // namespace diffbench::predict
