#pragma once
// The largest amount of memory that LibTorch's allocator on a GPU has held at once.
//
//   reset_peak_device_bytes(device);
//   run();
//   int64_t bytes = peak_device_bytes(device);     // 0 on the CPU

#include <c10/core/Device.h>

#include <cstdint>

namespace diffbench::measure {

int64_t peak_device_bytes(const c10::Device& device);
void reset_peak_device_bytes(const c10::Device& device);

}  // namespace diffbench::measure
