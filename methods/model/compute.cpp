#include "methods/model/compute.h"

#include <ATen/Context.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include "methods/config/input_error.h"
#include "methods/config/nearest.h"

namespace diffbench {
namespace {

struct PrecisionTypes {
  const char* name;
  at::ScalarType network;
  at::ScalarType state;
};

constexpr PrecisionTypes kPrecisions[] = {{"fp64", at::kDouble, at::kDouble},
                                          {"fp32", at::kFloat, at::kFloat},
                                          {"bf16", at::kBFloat16, at::kFloat},
                                          {"fp16", at::kHalf, at::kFloat}};

at::Device resolve_device(const std::string& name) {
  if (name == "cpu" || (name == "auto" && !cuda_is_available())) {
    return at::Device(at::kCPU);
  }
  if (name != "auto" && name != "cuda" && name.rfind("cuda:", 0) != 0) {
    throw config::InputError(config::unknown_name("device", name, {"auto", "cpu", "cuda"}));
  }
  if (!cuda_is_available()) {
    throw config::InputError("device '" + name + "': no CUDA device (or a build without one) on this machine");
  }
  const std::string index = name.rfind("cuda:", 0) == 0 ? name.substr(5) : "0";
  if (index.empty() || index.size() > 3 || index.find_first_not_of("0123456789") != std::string::npos ||
      std::stoi(index) >= cuda_device_count()) {
    throw config::InputError("device '" + name + "': there is no such device");
  }
  const at::Device device(at::kCUDA, static_cast<at::DeviceIndex>(std::stoi(index)));
  // One process works on one device. Our kernels launch on the current one: the handle of a default stream names none.
  c10::impl::getDeviceGuardImpl(device.type())->setDevice(device);
  return device;
}

}  // namespace

bool cuda_is_available() { return cuda_device_count() > 0; }

// NOLINTNEXTLINE(bugprone-signed-char-misuse): LibTorch counts devices in a signed char
int cuda_device_count() { return at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().deviceCount()) : 0; }

void synchronize(const Compute& compute) {
  if (compute.device.is_cuda()) {
    c10::impl::getDeviceGuardImpl(compute.device.type())->synchronizeDevice(compute.device.index());
  }
}

Compute resolve_compute(const std::string& device, const std::string& precision) {
  at::globalContext().setAllowTF32CuBLAS(false);
  at::globalContext().setAllowTF32CuDNN(false);
  for (const auto& types : kPrecisions) {
    if (precision == types.name) {
      return {resolve_device(device), precision, types.network, types.state};
    }
  }
  throw config::InputError(config::unknown_name("precision", precision, {"fp64", "fp32", "bf16", "fp16"}));
}

}  // namespace diffbench
