#pragma once
// How much memory LibTorch's tensors take while something runs on this thread.
//
//   const TensorMemory memory(compute.device);
//   runner.run(samples);
//   memory.peak_bytes()         // the most that was held at one time
//   memory.held_bytes()         // what is still held
//
// Counts what is allocated on the given kind of device from here on, by whoever holds it now; what was there before is
// not seen until it is freed. One at a time; destroyed on the thread that made it.

#include <c10/core/Device.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <cstdint>
#include <memory>

namespace diffbench::measure {

class TensorMemory {
 public:
  explicit TensorMemory(at::Device device);
  TensorMemory(const TensorMemory&) = delete;  // the thread reports to this one
  TensorMemory& operator=(const TensorMemory&) = delete;

  int64_t peak_bytes() const;
  int64_t held_bytes() const;

 private:
  class Counter;
  std::shared_ptr<Counter> counter_;
  c10::DebugInfoGuard guard_;
};

}  // namespace diffbench::measure
