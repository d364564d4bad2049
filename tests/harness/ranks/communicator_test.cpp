// Runs alone and under mpirun on 1 and 4 ranks: expectations are written for any number of ranks.

#include "harness/ranks/communicator.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <cstring>

#include "harness/ranks/mpi_session.h"
#include "methods/config/input_error.h"

namespace diffbench::ranks {
namespace {

using ::testing::IsEmpty;

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

std::string text_of(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

TEST(Communicator, SizeIsWhatTheLauncherSays) {
  const char* launched = std::getenv("OMPI_COMM_WORLD_SIZE");
  const char* rank = std::getenv("OMPI_COMM_WORLD_RANK");
  const Communicator world;
  EXPECT_EQ(world.size(), launched == nullptr ? 1 : std::atoi(launched));
  EXPECT_EQ(world.rank(), rank == nullptr ? 0 : std::atoi(rank));
  EXPECT_EQ(launched_by_mpi(), launched != nullptr);
}

// mpirun starts all ranks of this test on one machine
TEST(Communicator, PlaceOnTheMachineIsWhatTheLauncherSays) {
  const char* rank = std::getenv("OMPI_COMM_WORLD_LOCAL_RANK");
  const char* size = std::getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
  const Communicator world;
  EXPECT_EQ(world.local_rank(), rank == nullptr ? 0 : std::atoi(rank));
  EXPECT_EQ(world.local_size(), size == nullptr ? 1 : std::atoi(size));
  EXPECT_LT(world.local_rank(), world.local_size());
  EXPECT_LE(world.local_size(), world.size());
}

TEST(Communicator, BroadcastGivesRankZerosValueEverywhere) {
  const Communicator world;
  const bool root = world.rank() == 0;
  EXPECT_EQ(world.broadcast(root ? std::string("suite\n") : std::string("something longer than that")), "suite\n");
  EXPECT_EQ(world.broadcast(root ? std::string() : std::string("x")), "");
}

TEST(Communicator, GatherKeepsRankOrderAndSizes) {
  const Communicator world;
  const auto all = world.gather(bytes_of(std::string(static_cast<size_t>(world.rank()), 'a' + world.rank())));
  if (world.rank() != 0) {
    EXPECT_THAT(all, IsEmpty());
    return;
  }
  ASSERT_EQ(all.size(), static_cast<size_t>(world.size()));
  for (int rank = 0; rank < world.size(); ++rank) {
    EXPECT_EQ(text_of(all[static_cast<size_t>(rank)]), std::string(static_cast<size_t>(rank), 'a' + rank));
  }
}

TEST(Communicator, GathersBuffersLargerThanAnEagerMessage) {
  const Communicator world;
  const Bytes mine(3'000'000, static_cast<std::byte>(world.rank() + 1));
  const auto all = world.gather(mine);
  for (size_t rank = 0; rank < all.size(); ++rank) {
    EXPECT_EQ(all[rank], Bytes(3'000'000, static_cast<std::byte>(rank + 1)));
  }
}

TEST(Communicator, AgreesOnTheLowestFailingRank) {
  const Communicator world;
  EXPECT_FALSE(world.agree({}).has_value());
  const int first_failing = world.size() > 1 ? 1 : 0;
  Failure mine;
  if (world.rank() >= first_failing) {
    mine = {.kind = world.rank() == first_failing ? FailureKind::kInput : FailureKind::kInternal,
            .message = "no data on " + std::to_string(world.rank())};
  }
  const auto failure = world.agree(mine);
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->rank, first_failing);
  EXPECT_EQ(failure->kind, FailureKind::kInput);
  EXPECT_EQ(failure->message, "no data on " + std::to_string(first_failing));
}

TEST(Communicator, TogetherThrowsTheSameEverywhere) {
  const Communicator world;
  const int failing = world.size() - 1;
  int done = 0;
  world.together([&] { ++done; });
  EXPECT_EQ(done, 1);
  try {
    world.together([&] {
      if (world.rank() == failing) {
        throw config::InputError("a.toml:3: steps: must be an integer");
      }
    });
    FAIL() << "rank " << world.rank() << " went on";
  } catch (const AgreedError& error) {
    EXPECT_STREQ(error.what(), "a.toml:3: steps: must be an integer");
    EXPECT_EQ(error.failure.kind, FailureKind::kInput);
    EXPECT_EQ(error.failure.rank, failing);
  }
  world.barrier();
}

TEST(Communicator, OneRankThatIsAskedToStopStopsAll) {
  const Communicator world;
  try {
    world.together([&] {
      if (world.rank() == world.size() - 1) throw Stopped("stopped by SIGTERM");
    });
    FAIL() << "rank " << world.rank() << " went on";
  } catch (const AgreedError& error) {
    EXPECT_STREQ(error.what(), "stopped by SIGTERM");
    EXPECT_EQ(error.failure.kind, FailureKind::kStopped);
  }
}

TEST(Communicator, TogetherTellsOurErrorsFromTheUsers) {
  const Communicator world;
  const auto nested = [&] { world.together([&] { world.together([] { throw std::runtime_error(""); }); }); };
  try {
    nested();
    FAIL() << "an exception without a message passed for success";
  } catch (const AgreedError& error) {
    EXPECT_EQ(error.failure.kind, FailureKind::kInternal);
    EXPECT_EQ(error.failure.rank, 0);
  }
}

}  // namespace
}  // namespace diffbench::ranks
