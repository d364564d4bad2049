#pragma once
// How long work takes on a device: wait until it is idle, work, wait until it is done.
//
//   const int64_t duration_ns = timed_ns(model.compute, [&] { eps = denoiser.predict(batch, trace); });

#include <chrono>
#include <cstdint>

#include "methods/model/compute.h"

namespace diffbench {

template <typename Work>
int64_t timed_ns(const Compute& compute, Work&& work) {
  synchronize(compute);
  const auto start = std::chrono::steady_clock::now();
  work();
  synchronize(compute);
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace diffbench
