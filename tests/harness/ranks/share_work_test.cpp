// Runs alone and under mpirun on 1 and 4 ranks: expectations are written for any number of ranks.

#include "harness/ranks/share_work.h"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <thread>

namespace diffbench::ranks {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

std::string name(std::int64_t piece) { return "piece " + std::to_string(piece); }

// what went wrong on all ranks, or ""
std::string fault_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const AgreedError& error) {
    return error.what();
  }
  return "";
}

TEST(ShareWork, RankZeroReceivesEachResultOnce) {
  const Communicator world;
  std::vector<int> received(50);
  share_work(
      world, 50,
      [](std::int64_t piece) {
        return json{{"piece", piece}, {"square", piece * piece}};
      },
      [&](const json& result) {
        const auto piece = result.at("piece").get<std::int64_t>();
        EXPECT_EQ(result.at("square"), piece * piece);
        ++received[static_cast<size_t>(piece)];
      },
      {.name = name});
  EXPECT_THAT(received, ::testing::Each(world.rank() == 0 ? 1 : 0));
  share_work(
      world, 0, [](std::int64_t) { return json(1); }, [](const json&) { FAIL() << "there was no work"; },
      {.name = name});
}

TEST(ShareWork, CarriesResultsLargerThanAnEagerMessage) {
  const Communicator world;
  std::int64_t sum = 0;
  share_work(
      world, 9, [](std::int64_t piece) { return json(std::vector<std::int64_t>(300'000, piece)); },
      [&](const json& result) { sum += result.at(299'999).get<std::int64_t>(); }, {.name = name});
  EXPECT_EQ(sum, world.rank() == 0 ? 36 : 0);
}

// the last rank takes ten times as long: it gets its share and no more
TEST(ShareWork, ASlowRankTakesFewerPieces) {
  const Communicator world;
  if (world.size() == 1) GTEST_SKIP() << "one rank takes all";
  std::vector<int> pieces_of_rank(static_cast<size_t>(world.size()));
  share_work(
      world, 60,
      [&](std::int64_t) {
        std::this_thread::sleep_for(milliseconds(world.rank() == world.size() - 1 ? 50 : 5));
        return json(world.rank());
      },
      [&](const json& rank) { ++pieces_of_rank[rank.get<size_t>()]; }, {.name = name});
  if (world.rank() != 0) return;
  EXPECT_EQ(std::accumulate(pieces_of_rank.begin(), pieces_of_rank.end(), 0), 60);
  EXPECT_LT(3 * pieces_of_rank.back(), pieces_of_rank.front());
}

TEST(ShareWork, WhatFailsOnOneRankEndsTheWorkOnAll) {
  const Communicator world;
  std::atomic<int> made = 0;
  const auto work = [&] {
    share_work(
        world, 10'000,
        [&](std::int64_t) -> json {
          if (++made == 3 && world.rank() == world.size() - 1) throw std::runtime_error("no sample");
          std::this_thread::sleep_for(milliseconds(1));
          return world.rank();
        },
        [](const json&) {}, {.name = name});
  };
  EXPECT_EQ(fault_of(work), "no sample");
  EXPECT_LT(made, 5'000);
}

TEST(ShareWork, WhatFailsInStoringEndsTheWorkOnAll) {
  const Communicator world;
  int received = 0;
  const auto work = [&] {
    share_work(
        world, 10'000,
        [&](std::int64_t) {
          std::this_thread::sleep_for(milliseconds(1));
          return json(1);
        },
        [&](const json&) {
          if (++received == 5) throw std::runtime_error("the disk is full");
        },
        {.name = name});
  };
  EXPECT_EQ(fault_of(work), "the disk is full");
  EXPECT_EQ(received, world.rank() == 0 ? 5 : 0);
}

}  // namespace
}  // namespace diffbench::ranks
