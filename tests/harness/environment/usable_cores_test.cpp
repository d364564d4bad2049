#include "harness/environment/usable_cores.h"

#include <gmock/gmock.h>
#include <sched.h>

#include "harness/environment/environment.h"
#include "tests/harness/environment/fake_system.h"

namespace diffbench::environment {
namespace {

using ::testing::Optional;

std::optional<double> quota(const Files& files) { return container_quota(FakeSystem(files).root()); }

TEST(CoreList, JoinsNeighbours) {
  EXPECT_EQ(core_list({0, 1, 2, 3, 8}), "0-3,8");
  EXPECT_EQ(core_list({5}), "5");
  EXPECT_EQ(core_list({1, 3, 4}), "1,3-4");
  EXPECT_EQ(core_list({}), "");
}

TEST(AllowedCores, AreThoseOfTheMask) {
  const auto before = allowed_cores();
  ASSERT_FALSE(before.empty());
  cpu_set_t all;
  ASSERT_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<size_t>(before.back()), &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
  const Environment here = capture(FakeSystem(Files{}).root());
  sched_setaffinity(0, sizeof(all), &all);
  EXPECT_EQ(here.binding, std::to_string(before.back()));
  EXPECT_EQ(here.usable_core_count, 1);
  EXPECT_EQ(allowed_cores(), before);
}

TEST(ContainerQuota, SecondVersion) {
  EXPECT_THAT(quota({{"proc/self/cgroup", "0::/\n"}, {"sys/fs/cgroup/cpu.max", "150000 100000\n"}}), Optional(1.5));
  EXPECT_EQ(quota({{"proc/self/cgroup", "0::/\n"}, {"sys/fs/cgroup/cpu.max", "max 100000\n"}}), std::nullopt);
  // every group around ours limits us too
  EXPECT_THAT(quota({{"proc/self/cgroup", "0::/pod/box\n"},
                     {"sys/fs/cgroup/pod/box/cpu.max", "800000 100000\n"},
                     {"sys/fs/cgroup/pod/cpu.max", "200000 100000\n"},
                     {"sys/fs/cgroup/cpu.max", "max 100000\n"}}),
              Optional(2.0));
  // a container that sees the host's path, but its own group mounted at the top
  EXPECT_THAT(quota({{"proc/self/cgroup", "0::/docker/0123\n"}, {"sys/fs/cgroup/cpu.max", "50000 100000\n"}}),
              Optional(0.5));
  EXPECT_THAT(quota({{"proc/self/cgroup", "0::/../box\n"}, {"sys/fs/cgroup/box/cpu.max", "50000 100000\n"}}),
              Optional(0.5));
}

TEST(ContainerQuota, FirstVersion) {
  const std::string groups = "12:memory:/box\n4:cpu,cpuacct:/box\n3:cpuset:/\n";
  EXPECT_THAT(quota({{"proc/self/cgroup", groups},
                     {"sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_quota_us", "250000\n"},
                     {"sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_period_us", "100000\n"}}),
              Optional(2.5));
  EXPECT_THAT(quota({{"proc/self/cgroup", groups},
                     {"sys/fs/cgroup/cpu/cpu.cfs_quota_us", "100000\n"},
                     {"sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"}}),
              Optional(1.0));
  EXPECT_EQ(quota({{"proc/self/cgroup", groups},
                   {"sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_quota_us", "-1\n"},
                   {"sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_period_us", "100000\n"}}),
            std::nullopt);
  // cpuset is another controller
  EXPECT_EQ(quota({{"proc/self/cgroup", "3:cpuset:/\n"},
                   {"sys/fs/cgroup/cpu/cpu.cfs_quota_us", "100000\n"},
                   {"sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"}}),
            std::nullopt);
}

TEST(ContainerQuota, NothingOrNonsenseLimitsNothing) {
  EXPECT_EQ(quota({}), std::nullopt);
  EXPECT_EQ(quota({{"proc/self/cgroup", "nonsense\n"}}), std::nullopt);
  for (const char* text : {"", "100000", "0 100000", "1 0", "-5 100000", "words here"}) {
    EXPECT_EQ(quota({{"proc/self/cgroup", "0::/\n"}, {"sys/fs/cgroup/cpu.max", text}}), std::nullopt) << text;
  }
}

TEST(UsableCores, AreTheFewerOfMaskAndQuotaRoundedUp) {
  EXPECT_EQ(usable_core_count(8, std::nullopt), 8);
  EXPECT_EQ(usable_core_count(8, 1.5), 2);
  EXPECT_EQ(usable_core_count(8, 0.25), 1);
  EXPECT_EQ(usable_core_count(2, 6.0), 2);
  EXPECT_EQ(usable_core_count(2, 1e300), 2);
}

TEST(UsableCores, ReachTheEnvironment) {
  const FakeSystem system(Files{{"proc/self/cgroup", "0::/\n"}, {"sys/fs/cgroup/cpu.max", "50000 100000\n"}});
  EXPECT_EQ(capture(system.root()).usable_core_count, 1);
}

}  // namespace
}  // namespace diffbench::environment
