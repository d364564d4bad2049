#include "profiling/telemetry.h"

#include <gmock/gmock.h>

#include <atomic>
#include <cmath>
#include <fstream>
#include <memory>
#include <thread>

namespace diffbench::profiling {
namespace {

namespace fs = std::filesystem;

// a /sys/class/powercap of one's own
class RaplTest : public testing::Test {
 protected:
  RaplTest() : root_(fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name()) {
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  ~RaplTest() override { fs::remove_all(root_); }

  void write(const std::string& file, const std::string& text) {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text << "\n";
  }
  void add_package(const std::string& folder, const std::string& name, const std::string& energy_uj) {
    write(folder + "/name", name);
    write(folder + "/energy_uj", energy_uj);
    write(folder + "/max_energy_range_uj", "1000000");
  }

  fs::path root_;
};

TEST_F(RaplTest, ReadsPackagesAndLeavesTheirPartsOut) {
  add_package("intel-rapl:0", "package-0", "500");
  add_package("intel-rapl:1", "package-1", "900");
  add_package("intel-rapl:0:0", "core", "100");
  const TelemetryDevices found = find_rapl_devices(root_);
  ASSERT_EQ(found.devices.size(), 2u);
  EXPECT_EQ(found.reason, "");
  const TelemetrySample sample = found.devices[0]->sample();
  EXPECT_EQ(sample.device, "cpu:0 package-0");
  EXPECT_EQ(sample.energy_j, 0.0);
  EXPECT_TRUE(std::isnan(sample.power_w)) << "power needs two readings";
  EXPECT_EQ(sample.clock_hz, kNone);
}

TEST_F(RaplTest, EnergyAddsUpAcrossTheCountersEnd) {
  add_package("intel-rapl:0", "package-0", "400000");
  const TelemetryDevices found = find_rapl_devices(root_);
  found.devices.at(0)->sample();
  write("intel-rapl:0/energy_uj", "900000");
  EXPECT_NEAR(found.devices[0]->sample().energy_j, 0.5, 1e-12);
  write("intel-rapl:0/energy_uj", "100000");  // 100000 up to the range, and 100000 more
  const TelemetrySample last = found.devices[0]->sample();
  EXPECT_NEAR(last.energy_j, 0.7, 1e-12);
  EXPECT_GT(last.power_w, 0.0);
}

TEST_F(RaplTest, SaysWhyThereIsNothing) {
  EXPECT_EQ(find_rapl_devices(root_).reason, "CPU energy: no intel-rapl counters under " + root_.string());
  EXPECT_EQ(find_rapl_devices(root_ / "absent").devices.size(), 0u);
  add_package("intel-rapl:0", "package-0", "not a number");
  const TelemetryDevices found = find_rapl_devices(root_);
  EXPECT_EQ(found.devices.size(), 0u);
  EXPECT_THAT(found.reason, testing::HasSubstr("energy_uj cannot be read"));
}

// says how often it was asked
class CountingDevice : public TelemetryDevice {
 public:
  explicit CountingDevice(std::atomic<int>& count) : count_(count) {}
  TelemetrySample sample() override {
    TelemetrySample sample;
    sample.sampled_ns = ++count_;
    return sample;
  }

 private:
  std::atomic<int>& count_;
};

TEST(TelemetryTest, SamplesAgainAndAgainAndOnceMoreAtTheEnd) {
  std::atomic<int> count{0};
  std::vector<TelemetryDevices> found(1);
  found[0].devices.push_back(std::make_unique<CountingDevice>(count));
  Telemetry telemetry(std::move(found), std::chrono::milliseconds(1));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (count < 3 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const int before_stop = count;
  const TelemetryRecord record = telemetry.stop();
  ASSERT_GE(before_stop, 3);
  EXPECT_GT(count, before_stop);
  EXPECT_EQ(record.samples.size(), static_cast<std::size_t>(count));
  EXPECT_EQ(record.samples.back().sampled_ns, count);
}

TEST(TelemetryTest, StopDoesNotWaitForThePeriod) {
  std::atomic<int> count{0};
  std::vector<TelemetryDevices> found(1);
  found[0].devices.push_back(std::make_unique<CountingDevice>(count));
  const auto begin = std::chrono::steady_clock::now();
  Telemetry telemetry(std::move(found), std::chrono::hours(1));
  EXPECT_GE(telemetry.stop().samples.size(), 1u);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::minutes(1));
}

TEST(NvmlTest, ReadsEveryColumnInOurUnits) {
  const TelemetryDevices found = find_nvml_devices(FAKE_NVML);
  ASSERT_EQ(found.devices.size(), 2u) << found.reason;
  const TelemetrySample fast = found.devices[0]->sample();
  EXPECT_EQ(fast.device, "gpu:0 Fast GPU");
  EXPECT_EQ(fast.clock_hz, 1'980'000'000);
  EXPECT_EQ(fast.memory_clock_hz, 3'201'000'000);
  EXPECT_DOUBLE_EQ(fast.power_w, 250.5);
  EXPECT_DOUBLE_EQ(fast.energy_j, 7'000'000.25);
  EXPECT_EQ(fast.temperature_c, 61.0);
  EXPECT_EQ(fast.memory_bytes, 40);
  EXPECT_EQ(fast.throttle_bits, 0x24);
  const TelemetrySample silent = found.devices[1]->sample();
  EXPECT_EQ(silent.device, "gpu:1 Silent GPU");
  EXPECT_EQ(silent.clock_hz, kNone);
  EXPECT_TRUE(std::isnan(silent.power_w));
  EXPECT_EQ(silent.throttle_bits, kNone);
}

TEST(NvmlTest, SaysThatTheLibraryIsMissing) {
  const TelemetryDevices found = find_nvml_devices("libno-such-library.so.1");
  EXPECT_TRUE(found.devices.empty());
  EXPECT_EQ(found.reason, "GPU: no libno-such-library.so.1");
}

TEST(TelemetryTest, WithoutDevicesThereIsAReasonAndNoSample) {
  std::vector<TelemetryDevices> found;
  found.push_back({{}, "GPU: no library"});
  found.push_back({{}, "CPU energy: none"});
  Telemetry telemetry(std::move(found), Telemetry::kPeriod);
  const TelemetryRecord record = telemetry.stop();
  EXPECT_TRUE(record.samples.empty());
  EXPECT_EQ(record.reason, "GPU: no library; CPU energy: none");
}

}  // namespace
}  // namespace diffbench::profiling
