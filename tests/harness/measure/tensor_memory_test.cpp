#include "harness/measure/tensor_memory.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <optional>

namespace diffbench::measure {
namespace {

constexpr int64_t kMebibyte = int64_t{1} << 20;

at::Tensor block(int64_t size_bytes) { return at::empty({size_bytes}, at::TensorOptions(at::kByte)); }

TEST(TensorMemory, SeesTheMostThatIsHeldAtOneTime) {
  const TensorMemory memory(at::kCPU);
  const auto kept = block(2 * kMebibyte);
  for (int i = 0; i < 5; ++i) {
    const auto passing = block(3 * kMebibyte);
  }
  EXPECT_GE(memory.peak_bytes(), 5 * kMebibyte);
  EXPECT_LT(memory.peak_bytes(), 6 * kMebibyte);  // not five times three
  EXPECT_GE(memory.held_bytes(), 2 * kMebibyte);
  EXPECT_LT(memory.held_bytes(), 3 * kMebibyte);
}

TEST(TensorMemory, CountsFromItsOwnBeginningAndUntilItsEnd) {
  const auto before = block(8 * kMebibyte);
  std::optional<TensorMemory> outer(at::kCPU);
  {
    const TensorMemory inner(at::kCPU);
    EXPECT_EQ(inner.peak_bytes(), 0);
    const auto during = block(kMebibyte);
    EXPECT_GE(inner.peak_bytes(), kMebibyte);
  }
  EXPECT_EQ(outer->peak_bytes(), 0);  // the inner one was told
  const auto after = block(2 * kMebibyte);
  EXPECT_GE(outer->peak_bytes(), 2 * kMebibyte);
  outer.reset();
  EXPECT_FALSE(c10::memoryProfilingEnabled());
}

TEST(TensorMemory, OfAnotherDeviceSeesNothing) {
  const TensorMemory memory(at::kCUDA);
  const auto passing = block(kMebibyte);
  EXPECT_EQ(memory.peak_bytes(), 0);
}

}  // namespace
}  // namespace diffbench::measure
