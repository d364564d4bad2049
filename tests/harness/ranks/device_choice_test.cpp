#include "harness/ranks/device_choice.h"

#include <gmock/gmock.h>

#include <stdexcept>
#include <vector>

namespace diffbench::ranks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Machine {
  int rank_count;
  int device_count;
};

// device of every rank, machine after machine, as mpirun places them by default
std::vector<std::string> devices(const std::vector<Machine>& machines, const std::string& wanted = "auto") {
  std::vector<std::string> result;
  for (const auto& machine : machines) {
    for (int local_rank = 0; local_rank < machine.rank_count; ++local_rank) {
      result.push_back(choose_device(wanted, machine.device_count, local_rank, machine.rank_count).device);
    }
  }
  return result;
}

TEST(ChooseDevice, EachMachineCountsFromItsFirstDevice) {
  // by the rank in the whole run, ranks 3 to 5 of two machines with 4 GPUs would get cuda:3, cuda:0 and cuda:1
  EXPECT_THAT(devices({{3, 4}, {3, 4}}), ElementsAre("cuda:0", "cuda:1", "cuda:2", "cuda:0", "cuda:1", "cuda:2"));
  EXPECT_THAT(devices({{1, 1}, {2, 2}}, "cuda"), ElementsAre("cuda:0", "cuda:0", "cuda:1"));
}

TEST(ChooseDevice, MoreRanksThanDevicesTakeTurnsAndTheFirstRankSaysSo) {
  EXPECT_THAT(devices({{3, 2}}), ElementsAre("cuda:0", "cuda:1", "cuda:0"));
  EXPECT_THAT(choose_device("auto", 2, 0, 3).warning, HasSubstr("3 ranks of this machine see 2 GPUs"));
  EXPECT_THAT(choose_device("cuda", 1, 0, 4).warning, HasSubstr("4 ranks of this machine see 1 GPU:"));
  EXPECT_EQ(choose_device("auto", 2, 2, 3).warning, "");
  EXPECT_EQ(choose_device("auto", 4, 0, 4).warning, "");
}

TEST(ChooseDevice, WithoutDevicesAutoIsTheCpuAndCudaIsLeftToBeRefused) {
  EXPECT_THAT(devices({{2, 0}}), ElementsAre("cpu", "cpu"));
  EXPECT_THAT(devices({{1, 0}}, "cuda"), ElementsAre("cuda"));
}

TEST(ChooseDevice, WhatIsNamedIsTaken) {
  EXPECT_THAT(devices({{2, 4}}, "cuda:3"), ElementsAre("cuda:3", "cuda:3"));
  EXPECT_THAT(devices({{2, 4}}, "cpu"), ElementsAre("cpu", "cpu"));
}

TEST(ChooseDevice, RefusesImpossiblePlaces) {
  EXPECT_THROW(choose_device("auto", 1, 2, 2), std::invalid_argument);
  EXPECT_THROW(choose_device("auto", 1, -1, 2), std::invalid_argument);
  EXPECT_THROW(choose_device("auto", -1, 0, 1), std::invalid_argument);
}

}  // namespace
}  // namespace diffbench::ranks
