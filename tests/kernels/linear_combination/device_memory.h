#pragma once
// A CUDA device's memory for tests, compiled in every build; without CUDA there is never a device.
//
//   if (!has_device()) GTEST_SKIP() << "needs a CUDA device";
//   void* data = copy_to_device(values.data(), bytes);  // a launch that takes `data` goes here
//   copy_to_host(values.data(), data, bytes);           // after the default stream's work
//   free_on_device(data);

#include <cstddef>

namespace diffbench::kernels {

bool has_device();
// these throw std::runtime_error with CUDA's message
void* copy_to_device(const void* host, size_t bytes);
void copy_to_host(void* host, const void* device, size_t bytes);
void free_on_device(void* device) noexcept;

}  // namespace diffbench::kernels
