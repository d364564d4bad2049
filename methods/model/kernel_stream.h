#pragma once
// The stream that LibTorch is using, as our kernels take it; compiles without the CUDA headers.
//
//   kernels::philox_normal_cuda(args, current_stream(tensor.device()));

#include <c10/core/impl/DeviceGuardImplInterface.h>

#include "kernels/stream.h"

namespace diffbench {

inline kernels::Stream current_stream(at::Device device) {
  return static_cast<kernels::Stream>(c10::impl::getDeviceGuardImpl(device.type())->getStream(device).native_handle());
}

}  // namespace diffbench
