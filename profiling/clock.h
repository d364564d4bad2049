#pragma once
// The clocks and the thread ids of records.
//
//   const std::int64_t begin_ns = realtime_ns();
//
// CUPTI stamps kernels with CLOCK_REALTIME, so everything is stamped with it. That clock may be stepped by the system;
// a profile notes one instant on both clocks, and whoever takes a difference must not trust its sign.

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <ctime>

namespace diffbench::profiling {

inline std::int64_t read_clock_ns(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

inline std::int64_t realtime_ns() { return read_clock_ns(CLOCK_REALTIME); }
inline std::int64_t monotonic_ns() { return read_clock_ns(CLOCK_MONOTONIC); }

// what tools and CUPTI call a thread: gettid, below 2^24
inline std::int64_t system_thread_id() { return static_cast<std::int64_t>(syscall(SYS_gettid)); }

}  // namespace diffbench::profiling
