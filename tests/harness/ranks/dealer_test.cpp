#include "harness/ranks/dealer.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>

namespace diffbench::ranks {
namespace {

using ::testing::ElementsAre;

struct Played {
  std::vector<std::int64_t> pieces_of_rank{};
  std::int64_t end_ns = 0;
  std::vector<int> times_dealt{};  // by piece
};

// ranks that take takes_ns[rank] for each piece, on a clock of their own
Played play(std::int64_t pieces, const std::vector<std::int64_t>& takes_ns) {
  const auto ranks = takes_ns.size();
  Dealer dealer(pieces, static_cast<int>(ranks));
  Played played{.pieces_of_rank = std::vector<std::int64_t>(ranks),
                .times_dealt = std::vector<int>(static_cast<size_t>(pieces))};
  std::vector<std::int64_t> free_ns(ranks, 0);
  std::vector<bool> gone(ranks, false);
  while (std::count(gone.begin(), gone.end(), false) > 0) {
    size_t next = 0;
    for (size_t rank = 0; rank < ranks; ++rank) {
      if (gone[next] || (!gone[rank] && free_ns[rank] < free_ns[next])) next = rank;
    }
    const auto piece = dealer.deal(static_cast<int>(next), free_ns[next]);
    if (!piece) {
      gone[next] = true;
      continue;
    }
    ++played.times_dealt[static_cast<size_t>(*piece)];
    ++played.pieces_of_rank[next];
    free_ns[next] += takes_ns[next];
    played.end_ns = std::max(played.end_ns, free_ns[next]);
  }
  return played;
}

double ideal_ns(std::int64_t pieces, const std::vector<std::int64_t>& takes_ns) {
  const auto rate = std::accumulate(takes_ns.begin(), takes_ns.end(), 0.0,
                                    [](double sum, auto takes) { return sum + 1.0 / static_cast<double>(takes); });
  return static_cast<double>(pieces) / rate;
}

TEST(Dealer, DealsEachPieceOnceInRisingOrder) {
  Dealer dealer(3, 2);
  EXPECT_EQ(dealer.deal(1, 0), 0);
  EXPECT_EQ(dealer.deal(0, 0), 1);
  EXPECT_EQ(dealer.left(), 1);
  EXPECT_EQ(dealer.deal(1, 10), 2);
  EXPECT_EQ(dealer.deal(0, 12), std::nullopt);
  EXPECT_EQ(dealer.deal(1, 20), std::nullopt);
}

TEST(Dealer, NobodyGetsAnyAfterStop) {
  Dealer dealer(9, 2);
  EXPECT_EQ(dealer.deal(0, 0), 0);
  dealer.stop();
  EXPECT_EQ(dealer.deal(1, 1), std::nullopt);
  EXPECT_EQ(dealer.deal(0, 5), std::nullopt);
  EXPECT_EQ(dealer.left(), 0);
}

TEST(Dealer, SaysWhatEachRankHasInHand) {
  Dealer dealer(9, 2);
  dealer.deal(1, 30);
  EXPECT_EQ(dealer.hands()[1].piece, 0);
  EXPECT_EQ(dealer.hands()[1].dealt_ns, 30);
  EXPECT_EQ(dealer.hands()[0].piece, std::nullopt);
  dealer.deal(1, 45);
  EXPECT_EQ(dealer.hands()[1].took_ns, 15);
  dealer.leave(1);
  EXPECT_TRUE(dealer.hands()[1].has_left);
}

TEST(Dealer, RefusesWhatMakesNoSense) {
  EXPECT_THROW(Dealer(-1, 1), std::invalid_argument);
  EXPECT_THROW(Dealer(1, 0), std::invalid_argument);
}

TEST(Dealer, EqualRanksShareEqually) {
  EXPECT_THAT(play(12, {10, 10, 10, 10}).pieces_of_rank, ElementsAre(3, 3, 3, 3));
  EXPECT_EQ(play(13, {10, 10, 10, 10}).end_ns, 40);
}

// whatever the ranks and the pieces: each piece once, and the end no later than the bound that dealer.h states
TEST(Dealer, EndsWithinTheBoundOfListScheduling) {
  std::uint64_t state = 1;
  const auto draw = [&](std::uint64_t below) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::int64_t>((state >> 33) % below);
  };
  for (int trial = 0; trial < 500; ++trial) {
    std::vector<std::int64_t> takes_ns(static_cast<size_t>(1 + draw(9)));
    for (auto& takes : takes_ns) takes = 10 + draw(90);
    const auto pieces = draw(200);
    const auto played = play(pieces, takes_ns);
    EXPECT_THAT(played.times_dealt, ::testing::Each(1));
    const auto slowest = static_cast<double>(*std::max_element(takes_ns.begin(), takes_ns.end()));
    EXPECT_LE(static_cast<double>(played.end_ns), ideal_ns(pieces, takes_ns) + slowest) << "trial " << trial;
  }
}

// a hundred short pieces and then some long ones: ranks that were last seen with short ones are not thought fast
TEST(Dealer, PiecesOfAnotherKindTellNothing) {
  Dealer dealer(104, 4, [](std::int64_t piece) { return piece < 100 ? 0 : 1; });
  std::int64_t now_ns = 0;
  for (int piece = 0; piece < 100; ++piece) dealer.deal(piece % 4, now_ns += 10);
  EXPECT_EQ(dealer.deal(0, now_ns += 10), 100);
  EXPECT_EQ(dealer.deal(1, now_ns += 10), 101);
  EXPECT_EQ(dealer.deal(0, now_ns += 1000), 102);  // the others' 40 ns were of short ones
}

TEST(Dealer, ASlowRankDoesNotHoldUpTheEnd) {
  for (const size_t ranks : {4, 8}) {
    std::vector<std::int64_t> takes_ns(ranks, 1000);
    takes_ns.back() = 3000;
    // of 400 pieces the plain rule loses up to two pieces' time when the last one falls to the slow rank
    for (std::int64_t pieces = 390; pieces < 410; ++pieces) {
      const auto played = play(pieces, takes_ns);
      EXPECT_LE(static_cast<double>(played.end_ns), ideal_ns(pieces, takes_ns) + 1.5 * 1000)
          << pieces << " on " << ranks;
    }
  }
}

}  // namespace
}  // namespace diffbench::ranks
