#include "harness/environment/machine_settings.h"

#include <gmock/gmock.h>

#include "harness/environment/environment.h"
#include "tests/harness/environment/fake_system.h"

namespace diffbench::environment {
namespace {

TEST(MachineSettings, AreReadFromTheSystemsFiles) {
  const FakeSystem system(Files{{"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n"},
                                {"sys/devices/system/cpu/intel_pstate/no_turbo", "1\n"},
                                {"sys/devices/system/cpu/smt/active", "1\n"},
                                {"sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"},
                                {"sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n"}});
  const auto settings = read_machine_settings(system.root());
  EXPECT_EQ(settings.governor, "performance");
  EXPECT_EQ(settings.turbo, "off");  // no_turbo
  EXPECT_EQ(settings.smt, "on");
  EXPECT_EQ(settings.huge_pages, "madvise");
  EXPECT_EQ(settings.clock_source, "tsc");
}

TEST(MachineSettings, TurboIsAskedOfWhoeverKnows) {
  const auto turbo = [](const std::string& file, const std::string& text) {
    return read_machine_settings(FakeSystem(Files{{"sys/devices/system/cpu/" + file, text}}).root()).turbo;
  };
  EXPECT_EQ(turbo("intel_pstate/no_turbo", "0\n"), "on");
  EXPECT_EQ(turbo("cpufreq/boost", "1\n"), "on");
  EXPECT_EQ(turbo("cpufreq/boost", "0\n"), "off");
  EXPECT_EQ(turbo("cpu0/cpufreq/boost", "0\n"), "off");
  EXPECT_EQ(turbo("cpufreq/boost", "maybe\n"), "");
  EXPECT_EQ(turbo("cpufreq/boost", ""), "");
  const FakeSystem both(
      {{"sys/devices/system/cpu/intel_pstate/no_turbo", "1\n"}, {"sys/devices/system/cpu/cpufreq/boost", "1\n"}});
  EXPECT_EQ(read_machine_settings(both.root()).turbo, "off");  // the driver in charge is believed
}

TEST(MachineSettings, WhatIsNotThereIsNotMadeUp) {
  const auto settings = read_machine_settings(FakeSystem(Files{}).root());
  EXPECT_EQ(settings.governor + settings.turbo + settings.smt + settings.huge_pages + settings.clock_source, "");
  const FakeSystem odd(Files{{"sys/kernel/mm/transparent_hugepage/enabled", "always madvise never\n"},
                             {"sys/devices/system/cpu/smt/active", "2\n"}});
  EXPECT_EQ(read_machine_settings(odd.root()).huge_pages, "");
  EXPECT_EQ(read_machine_settings(odd.root()).smt, "");
}

TEST(MachineSettings, ReachTheEnvironment) {
  const FakeSystem system(
      Files{{"sys/devices/system/cpu/cpufreq/boost", "0\n"},
            {"sys/devices/system/cpu/smt/active", "0\n"},
            {"sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n"},
            {"sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n"},
            {"proc/cpuinfo", "processor : 0\nmodel name\t: Made-up 9000\n"},
            {"proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Module  580.82.07  Thu\n"},
            {"etc/os-release", "NAME=x\nPRETTY_NAME=\"An OS 12\"\n"}});
  const Environment here = capture(system.root());
  EXPECT_EQ(here.turbo, "off");
  EXPECT_EQ(here.smt, "off");
  EXPECT_EQ(here.huge_pages, "never");
  EXPECT_EQ(here.clock_source, "hpet");
  EXPECT_EQ(here.cpu_model, "Made-up 9000");
  EXPECT_EQ(here.driver_version, "580.82.07");
  EXPECT_EQ(here.os, "An OS 12");
  EXPECT_EQ(here.governor, "");
}

}  // namespace
}  // namespace diffbench::environment
