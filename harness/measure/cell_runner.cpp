#include "harness/measure/cell_runner.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>

#include "methods/sampling/sampling_conditions.h"
#include "methods/solvers/solver_table.h"
#include "profiling/scope.h"

namespace diffbench::measure {
namespace {

Guidance guidance_of(const suite::RunOptions& run) {
  Guidance guidance{.scale = run.guidance, .joint_exits = run.guidance_exits == "joint"};
  set_interval(guidance, run.guidance_interval, "[run] guidance_interval");
  return guidance;
}

}  // namespace

std::shared_ptr<Model> ModelCache::get(const std::string& name, const std::string& precision) {
  auto& model = models_[precision + " " + name];
  if (!model) {
    model = load_model(name, resolve_compute(device_, precision));
  }
  return model;
}

CellRunner::CellRunner(const suite::Cell& cell, const suite::Suite& suite, ModelCache& models)
    : cell_(cell), seed_(static_cast<uint64_t>(suite.seed)), guidance_(guidance_of(suite.run)), models_(models) {
  const auto entry = std::find_if(suite.methods.begin(), suite.methods.end(),
                                  [&](const suite::MethodEntry& method) { return method.label == cell.label; });
  where_ = entry == suite.methods.end() ? cell.key : entry->where;
  const auto solver = std::find_if(suite.solvers.begin(), suite.solvers.end(), [&](const suite::SolverEntry& row) {
    return row.name == cell.solver && row.grid == cell.grid && row.params == cell.solver_params &&
           std::find(row.steps.begin(), row.steps.end(), cell.steps) != row.steps.end();
  });
  model_ = models_.get(cell.model, cell.precision);
  sampler_ =
      std::make_unique<Sampler>(solvers::make_plan({.solver = cell.solver,
                                                    .grid = cell.grid,
                                                    .steps = cell.steps,
                                                    .params = cell.solver_params,
                                                    .where = solver == suite.solvers.end() ? cell.key : solver->where},
                                                   *model_->schedule),
                                *model_);
  denoiser_ = make(cell.method, cell.method_params);
}

std::unique_ptr<Denoiser> CellRunner::make(const std::string& method, const nlohmann::json& params) const {
  auto denoiser =
      methods::make_method(method, params,
                           {.model = model_,
                            .load = [this](const std::string& name) { return models_.get(name, cell_.precision); },
                            .where = where_,
                            .conditions = sampling_conditions(sampler_->plan(), guidance_, model_->compute)});
  return guide(std::move(denoiser), guidance_, *model_, "[run] guidance");
}

at::Tensor CellRunner::sample(Denoiser& denoiser, const std::vector<int64_t>& samples, Trace& trace) const {
  const profiling::Scope scope(profiling::Phase::kSampling, "cell", {.rows = static_cast<int64_t>(samples.size())});
  const auto& network = model_->network;
  PhiloxNoise noise(seed_, samples, {network.channels, network.image_size, network.image_size}, model_->compute);
  return sampler_->run(denoiser, noise, default_labels(samples, network.classes, model_->compute), trace);
}

Batch CellRunner::run(const std::vector<int64_t>& samples) {
  Batch batch;
  synchronize(model_->compute);
  const auto start = std::chrono::steady_clock::now();
  batch.samples = sample(*denoiser_, samples, batch.trace);
  synchronize(model_->compute);
  batch.duration_ns =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start).count();
  return batch;
}

double CellRunner::never_skip_difference(const std::vector<int64_t>& samples) {
  const auto& entry = methods::find_method(cell_.method, where_);
  const auto params = entry.never_skip(cell_.method_params, *model_);
  if (!params) {
    return 0.0;
  }
  Trace ignored;
  const auto full = sample(*make("full", nlohmann::json::object()), samples, ignored);
  const auto never = sample(*make(cell_.method, *params), samples, ignored);
  return (full - never).abs().max().item<double>();
}

double CellRunner::flops_full() const {
  double rows = 0.0;
  for (const auto& evaluation : plan().evaluations) {
    rows += guidance_.active_at(evaluation.t) ? 2.0 : 1.0;
  }
  return backbones::full_flops(*model_->network.backbone) * rows;
}

}  // namespace diffbench::measure
