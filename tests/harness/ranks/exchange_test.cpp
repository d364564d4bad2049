// Runs alone and under mpirun on 1 and 4 ranks.

#include "harness/ranks/exchange.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace diffbench::ranks {
namespace {

TEST(Exchange, SharedValueIsRankZeros) {
  const Communicator world;
  const auto mine = world.rank() == 0 ? nlohmann::json{{"warm", true}, {"n", 3}} : nlohmann::json();
  const auto shared = share(world, mine);
  EXPECT_TRUE(shared.at("warm").get<bool>());
  EXPECT_EQ(shared.at("n"), 3);
}

TEST(Exchange, CollectsInRankOrder) {
  const Communicator world;
  const auto all = collect(world, {{"rank", world.rank()}});
  ASSERT_EQ(all.size(), world.rank() == 0 ? static_cast<size_t>(world.size()) : 0u);
  for (size_t rank = 0; rank < all.size(); ++rank) {
    EXPECT_EQ(all[rank].at("rank"), rank);
  }
}

TEST(Exchange, NumbersArriveAsTheyLeft) {
  const Communicator world;
  const std::int64_t large = std::numeric_limits<std::int64_t>::max() - 1;
  const double odd = 0.1 + 0.2;
  const auto shared = share(world, {{"large", large}, {"odd", odd}, {"nan", std::nan("")}, {"text", "t<400 & \"x\""}});
  EXPECT_EQ(shared.at("large").get<std::int64_t>(), large);
  EXPECT_EQ(shared.at("odd").get<double>(), odd);
  EXPECT_TRUE(std::isnan(shared.at("nan").get<double>()));
  EXPECT_EQ(shared.at("text"), "t<400 & \"x\"");
}

TEST(Exchange, BlobsKeepEveryBit) {
  struct Record {
    std::int64_t id;
    double value;
  };
  const Communicator world;
  const std::vector<Record> records(100'000, {7, -0.0});
  for (const auto& from : collect(world, {{"records", to_blob(records)}, {"none", to_blob(std::vector<float>())}})) {
    const auto back = from_blob<Record>(from.at("records"));
    ASSERT_EQ(back.size(), records.size());
    EXPECT_EQ(back.back().id, 7);
    EXPECT_TRUE(std::signbit(back.back().value));
    EXPECT_TRUE(from_blob<float>(from.at("none")).empty());
  }
}

}  // namespace
}  // namespace diffbench::ranks
