#include "methods/model/freed_memory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdint>
#include <cstring>
#include <memory>

namespace diffbench {
namespace {

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
std::int64_t faults_of_using(std::size_t size_bytes) {
  const auto count = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
  };
  const auto before = count();
  const auto block = std::make_unique_for_overwrite<char[]>(size_bytes);
  std::memset(block.get(), 1, size_bytes);
  return count() - before;
}

TEST(FreedMemoryTest, IsNotFaultedInAgain) {
  constexpr std::size_t kSizeBytes = std::size_t{64} << 20;
  EXPECT_FALSE(keeps_freed_memory());
  keep_freed_memory();
  EXPECT_TRUE(keeps_freed_memory());
  faults_of_using(kSizeBytes);
  EXPECT_LT(faults_of_using(kSizeBytes), 100) << "of " << kSizeBytes / 4096 << " pages";
}
#endif

}  // namespace
}  // namespace diffbench
