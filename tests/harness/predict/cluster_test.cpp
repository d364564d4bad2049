#include "harness/predict/cluster.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>

#include "methods/config/input_error.h"

namespace diffbench::predict {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::filesystem::path written(const std::string& text) {
  const auto file = std::filesystem::path(::testing::TempDir()) / ("cluster_" + std::to_string(::getpid()) + ".toml");
  std::ofstream(file) << text;
  return file;
}

std::string told(const std::string& text) {
  try {
    read_cluster(written(text));
  } catch (const config::InputError& error) {
    return error.what();
  }
  return "nothing was wrong";
}

TEST(Cluster, NodesComeOneAfterTheOther) {
  const auto cluster =
      read_cluster(written("currency = \"EUR\"\n[[node]]\ncount = 2\ndevices = 2\nprice_per_hour = "
                           "3.5\n[[node]]\ncount = 1\ndevices = 1\nspeed = "
                           "0.5\n[link]\nlatency_us = 5\n"));
  ASSERT_EQ(cluster.ranks.size(), 5U);
  EXPECT_EQ(cluster.ranks[3].node, 1);
  EXPECT_EQ(cluster.ranks[4].node, 2);
  EXPECT_EQ(cluster.ranks[4].speed, 0.5);
  EXPECT_THAT(cluster.price_per_hour, ElementsAre(3.5, 3.5, 0));
  EXPECT_EQ(cluster.link.latency_ns, 5000);
  const auto part = first_ranks(cluster, 3);
  EXPECT_EQ(part.ranks.size(), 3U);
  EXPECT_THAT(part.price_per_hour, ElementsAre(3.5, 3.5));
}

TEST(Cluster, MistakesAreNamedWithTheirLine) {
  EXPECT_THAT(told("name = \"a\"\n"), HasSubstr("node"));
  EXPECT_THAT(told("[[node]]\ncount = 0\ndevices = 1\n"),
              HasSubstr(":2: [node[0]] count: must be between 1 and 1048576"));
  EXPECT_THAT(told("[[node]]\ncount = 1\ndevices = 1\nspeed = 0\n"), HasSubstr(":4: [node[0]] speed: must be above 0"));
  EXPECT_THAT(told("[[node]]\ncount = 1\ndevices = 1\nprice_per_hour = -1\n"), HasSubstr("must not be negative"));
  EXPECT_THAT(told("[[node]]\ncount = 1\ndevice = 1\n"), HasSubstr("devices"));
  EXPECT_THAT(told("[[node]]\ncount = 1048576\ndevices = 2\n"), HasSubstr("more than 1048576 ranks"));
  EXPECT_THAT(told("[[node]]\ncount = 1\ndevices = 1\n[link]\nbandwidth_gb_per_s = 0\n"), HasSubstr("must be above 0"));
}

}  // namespace
}  // namespace diffbench::predict
