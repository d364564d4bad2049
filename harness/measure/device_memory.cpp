#include "harness/measure/device_memory.h"

#include <c10/core/CachingDeviceAllocator.h>

namespace diffbench::measure {

int64_t peak_device_bytes(const c10::Device& device) {
  if (device.is_cpu()) {
    return 0;
  }
  const auto stats = c10::getDeviceAllocator(device.type())->getDeviceStats(device.index());
  return stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)].peak;
}

void reset_peak_device_bytes(const c10::Device& device) {
  if (!device.is_cpu()) {
    c10::getDeviceAllocator(device.type())->resetPeakStats(device.index());
  }
}

}  // namespace diffbench::measure
