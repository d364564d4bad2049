#include "harness/measure/ceiling.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <functional>

namespace diffbench::measure {
namespace {

constexpr int kTries = 5;
constexpr int64_t kCpuSide =
    1024;  // 1 Mi values a matrix: out of the caches that one core owns, a few hundredths of a second
constexpr int64_t kGpuSide = 8192;
constexpr int64_t kCpuCopyBytes = int64_t{128} << 20;
constexpr int64_t kGpuCopyBytes = int64_t{1} << 30;

double fastest_seconds(const Compute& compute, const std::function<void()>& work) {
  double fastest = 0.0;
  for (int i = 0; i <= kTries; ++i) {
    synchronize(compute);
    const auto begin = std::chrono::steady_clock::now();
    work();
    synchronize(compute);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (i == 1 || (i > 1 && seconds < fastest)) {  // the first only warms up
      fastest = seconds;
    }
  }
  return fastest;
}

}  // namespace

double matmul_flops_per_s(const Compute& compute) {
  const c10::InferenceMode inference;
  const int64_t side = compute.device.is_cuda() ? kGpuSide : kCpuSide;
  const auto options = at::TensorOptions(compute.network_dtype).device(compute.device);
  const auto a = at::ones({side, side}, options);
  const auto b = at::ones({side, side}, options);
  auto product = at::empty({side, side}, options);
  const double flops = 2.0 * static_cast<double>(side) * static_cast<double>(side) * static_cast<double>(side);
  return flops / fastest_seconds(compute, [&] { at::mm_out(product, a, b); });
}

double copy_bytes_per_s(const Compute& compute) {
  const c10::InferenceMode inference;
  const int64_t bytes = compute.device.is_cuda() ? kGpuCopyBytes : kCpuCopyBytes;
  const auto options = at::TensorOptions(at::kByte).device(compute.device);
  const auto from = at::ones({bytes}, options);
  auto to = at::zeros({bytes}, options);
  return 2.0 * static_cast<double>(bytes) / fastest_seconds(compute, [&] { to.copy_(from); });
}

}  // namespace diffbench::measure
