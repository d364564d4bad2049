#include "harness/measure/ceiling.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <functional>
#include <map>

#include "harness/ranks/exchange.h"
#include "methods/model/timed.h"

namespace diffbench::measure {
namespace {

constexpr int kTries = 5;
constexpr int64_t kCpuSide =
    1024;  // 1 Mi values a matrix: out of the caches that one core owns, a few hundredths of a second
constexpr int64_t kGpuSide = 8192;
constexpr int64_t kCpuCopyBytes = int64_t{128} << 20;
constexpr int64_t kGpuCopyBytes = int64_t{1} << 30;

double fastest_seconds(const Compute& compute, const std::function<void()>& work) {
  int64_t fastest_ns = 0;
  for (int i = 0; i <= kTries; ++i) {
    const int64_t ns = timed_ns(compute, work);
    if (i == 1 || (i > 1 && ns < fastest_ns)) {  // the first only warms up
      fastest_ns = ns;
    }
  }
  return static_cast<double>(fastest_ns) * 1e-9;
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

void store_ceilings(Session& session) {
  std::map<std::string, double> flops;
  double bytes = 0.0;
  session.world.barrier();
  for (const auto& state : session.cells) {
    const auto& compute = state.runner->model().compute;
    if (!flops.contains(compute.precision)) {
      flops[compute.precision] = matmul_flops_per_s(compute);
      bytes = copy_bytes_per_s(compute);
    }
  }
  const auto all = ranks::collect(session.world, {{"flops", flops}, {"bytes", bytes}});
  session.writer.write([&](results::Store& store) {
    std::vector<results::CeilingRow> rows;
    for (size_t rank = 0; rank < all.size(); ++rank) {
      for (const auto& [precision, value] : all[rank].at("flops").items()) {
        rows.push_back({static_cast<int>(rank), "flops_per_s", precision, value});
      }
      rows.push_back({static_cast<int>(rank), "bytes_per_s", "", all[rank].at("bytes")});
    }
    store.put_ceilings(session.run_id, rows);
  });
}

}  // namespace diffbench::measure
