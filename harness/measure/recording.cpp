#include "harness/measure/recording.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "harness/environment/environment.h"
#include "harness/measure/on_all_ranks.h"
#include "harness/measure/round_plan.h"
#include "profiling/cpu_operators.h"
#include "profiling/cupti/kernels.h"

namespace diffbench::measure {
namespace {

profiling::RecorderOptions recorder_options(const Model& model, profiling::Mode mode, bool with_shapes) {
  const bool on_gpu = model.compute.device.is_cuda();
  static const auto kMachine = environment::capture();  // once: it reads files, which must not come between repetitions
  const auto index = static_cast<size_t>(std::max<int>(0, model.compute.device.index()));
  return {.mode = mode,
          .with_shapes = with_shapes,
          .operators = &profiling::cpu_operators(),
          .kernels = on_gpu ? &profiling::cupti_kernels() : nullptr,
          .device_name = on_gpu && index < kMachine.gpu_names.size() ? kMachine.gpu_names[index] : kMachine.cpu_model};
}

}  // namespace

Recording::Recording(const CellState& state, profiling::Mode mode, bool with_shapes) {
  profiling::set_cell(state.id);
  profiling::start_recording(recorder_options(state.runner->model(), mode, with_shapes));
}

Recording::~Recording() {
  if (profiling::is_recording()) {
    profiling::stop_recording();
  }
}

profiling::Profile Recording::stop() { return profiling::stop_recording(); }

bool watched(const Session& session, const CellState& state, const std::function<void()>& work) {
  const auto fault = on_all_ranks(session.world, work);
  if (!fault.empty() && session.world.rank() == 0) {
    spdlog::warn("{}: not profiled: {}", state.cell.key, fault);
  }
  return fault.empty();
}

std::vector<int64_t> watched_samples(const Session& session, const CellState& state) {
  return round_samples(static_cast<uint64_t>(session.suite.seed), 0, session.world.rank(), state.cell.batch);
}

}  // namespace diffbench::measure
