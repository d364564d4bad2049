#include "harness/measure/tensor_memory.h"

#include <c10/core/Allocator.h>

#include <algorithm>
#include <atomic>

namespace diffbench::measure {

class TensorMemory::Counter : public c10::MemoryReportingInfoBase {
 public:
  explicit Counter(c10::DeviceType type) : type_(type) {}

  void reportMemoryUsage(void*, int64_t size_bytes, size_t, size_t, c10::Device device) override {
    if (device.type() == type_) {
      held_ += size_bytes;  // negative where memory is given back
      peak_ = std::max(peak_.load(), held_.load());
    }
  }
  bool memoryProfilingEnabled() const override { return true; }

  int64_t peak() const { return peak_; }
  int64_t held() const { return held_; }

 private:
  c10::DeviceType type_;
  std::atomic<int64_t> held_ = 0;
  std::atomic<int64_t> peak_ = 0;
};

TensorMemory::TensorMemory(at::Device device)
    : counter_(std::make_shared<Counter>(device.type())), guard_(c10::DebugInfoKind::PROFILER_STATE, counter_) {}

int64_t TensorMemory::peak_bytes() const { return counter_->peak(); }
int64_t TensorMemory::held_bytes() const { return counter_->held(); }

}  // namespace diffbench::measure
