#include "harness/measure/cell_runner.h"

#include <ATen/ATen.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "harness/measure/device_memory.h"
#include "methods/model/timed.h"
#include "methods/runtimes/runtime.h"
#include "methods/sampling/independence.h"
#include "methods/sampling/sampling_conditions.h"
#include "methods/solvers/solver_table.h"
#include "profiling/scope.h"

namespace diffbench::measure {
namespace {

const std::vector<int64_t> kCheckedSamples{0, 1, 2, 3};

Guidance guidance_of(const suite::RunOptions& run) {
  Guidance guidance{.scale = run.guidance, .joint_exits = run.guidance_exits == "joint"};
  set_interval(guidance, run.guidance_interval, "[run] guidance_interval");
  return guidance;
}

const suite::MethodEntry* entry_of(const suite::Cell& cell, const suite::Suite& suite) {
  const auto entry = std::find_if(suite.methods.begin(), suite.methods.end(),
                                  [&](const suite::MethodEntry& method) { return method.label == cell.label; });
  return entry == suite.methods.end() ? nullptr : &*entry;
}

std::string place_of_method(const suite::Cell& cell, const suite::Suite& suite) {
  const auto* entry = entry_of(cell, suite);
  return entry == nullptr ? cell.key : entry->where;
}

std::string place_of_model(const suite::Cell& cell, const suite::Suite& suite) {
  const auto* entry = entry_of(cell, suite);
  return entry == nullptr || entry->model.empty() ? suite.places.model : entry->model_where;
}

std::string place_of_solver(const suite::Cell& cell, const suite::Suite& suite) {
  const auto entry = std::find_if(suite.solvers.begin(), suite.solvers.end(), [&](const suite::SolverEntry& row) {
    return row.name == cell.solver && row.grid == cell.grid && row.params == cell.solver_params &&
           std::find(row.steps.begin(), row.steps.end(), cell.steps) != row.steps.end();
  });
  return entry == suite.solvers.end() ? cell.key : entry->where;
}

void add_file(std::vector<results::ArtifactRow>& files, const FileRecord& file) {
  const auto known = std::find_if(files.begin(), files.end(), [&](const results::ArtifactRow& row) {
    return row.role == file.role && row.path == file.path;
  });
  if (known == files.end()) {
    files.push_back({.role = file.role, .path = file.path, .sha256 = file.sha256});
  }
}

}  // namespace

std::shared_ptr<Model> ModelCache::get(const std::string& name, const std::string& precision,
                                       const std::string& runtime, const config::GivenAt& at) {
  auto& model = models_[precision + " " + runtime + " " + name];
  if (!model) {
    // the weights of all runtimes are those of one loaded model
    auto loaded = runtime == "eager" ? load_model(name, resolve_compute(device_, precision), at)
                                     : std::make_shared<Model>(*get(name, precision, "eager", at));
    runtimes::use_runtime(*loaded, runtime);
    model = std::move(loaded);
  }
  return model;
}

CellRunner::CellRunner(const suite::Cell& cell, const suite::Suite& suite, ModelCache& models)
    : cell_(cell),
      seed_(static_cast<uint64_t>(suite.seed)),
      guidance_(guidance_of(suite.run)),
      at_{place_of_method(cell, suite), suite.folder},
      models_(models),
      model_(load(cell.model, {place_of_model(cell, suite), suite.folder})),
      decoder_(*model_) {
  const solvers::PlanRequest request{.solver = cell.solver,
                                     .grid = cell.grid,
                                     .steps = cell.steps,
                                     .params = cell.solver_params,
                                     .where = place_of_solver(cell, suite)};
  sampler_ = std::make_unique<Sampler>(solvers::make_plan(request, *model_->schedule), *model_);
  denoiser_ =
      make(cell.method, cell.method_params, [this](const FileRecord& file) { add_file(facts_.artifacts, file); });
  find_facts(request);
}

// A cell whose runtime is missing is made on the network as it is: its facts are wanted, it will not run.
std::shared_ptr<Model> CellRunner::load(const std::string& name, const config::GivenAt& at) {
  try {
    return models_.get(name, cell_.precision, facts_.missing.empty() ? cell_.runtime : "eager", at);
  } catch (const runtimes::RuntimeMissing& reason) {
    facts_.missing = reason.what();
    return models_.get(name, cell_.precision, "eager", at);
  }
}

methods::MethodContext CellRunner::context(const Record& record) {
  return {.model = model_,
          .load = [this](const std::string& name) { return load(name, at_); },
          .where = at_.where,
          .conditions = sampling_conditions(sampler_->plan(), guidance_, model_->compute),
          .folder = at_.folder,
          .record = record};
}

std::unique_ptr<Denoiser> CellRunner::make(const std::string& method, const nlohmann::json& params,
                                           const Record& record) {
  auto denoiser = methods::make_method(method, params, context(record));
  return guide(std::move(denoiser), guidance_, *model_, "[run] guidance");
}

void CellRunner::find_facts(const solvers::PlanRequest& request) {
  const auto& entry = methods::find_method(cell_.method, at_.where);
  facts_.method_params = methods::resolve_method_params(cell_.method, cell_.method_params, at_.where);
  facts_.solver_params = solvers::resolve_solver_params(request);
  facts_.decides = methods::name_of(entry.decides(facts_.method_params));
  facts_.model_fingerprint = model_->fingerprint;
  facts_.device = model_->compute.device.str();
  facts_.block_count = model_->network.backbone->block_count();
  double rows = 0.0;
  for (const auto& evaluation : plan().evaluations) {
    rows += guidance_.active_at(evaluation.t) ? 2.0 : 1.0;
  }
  facts_.flops_full = backbones::full_flops(*model_->network.backbone) * rows;
  for (const auto& file : model_->files) {
    add_file(facts_.artifacts, file);
  }
  std::sort(facts_.artifacts.begin(), facts_.artifacts.end(),
            [](const auto& a, const auto& b) { return std::tie(a.role, a.path) < std::tie(b.role, b.path); });
  for (const auto& bin : entry.planned_depths(facts_.method_params, context({}))) {
    facts_.planned_depths.push_back({bin.from_t, bin.to_t, static_cast<double>(bin.blocks)});
  }
}

nlohmann::json CellRunner::prepare(int64_t rows, const nlohmann::json& decisions) {
  prepared_rows_ = rows;
  decisions_ = denoiser_->prepare({.rows = rows, .times = times_of(plan())}, decisions);
  reset_peak_device_bytes(model_->compute.device);
  return decisions_;
}

at::Tensor CellRunner::sample(Denoiser& denoiser, const std::vector<int64_t>& samples, Trace& trace) const {
  const profiling::Scope scope(profiling::Phase::kSampling, "cell", {.rows = static_cast<int64_t>(samples.size())});
  const auto& network = model_->network;
  PhiloxNoise noise(seed_, samples, {network.channels, network.image_size, network.image_size}, model_->compute);
  return sampler_->run(denoiser, noise, default_labels(samples, network.classes, model_->compute), trace);
}

Batch CellRunner::run(const std::vector<int64_t>& samples) {
  Batch batch;
  batch.duration_ns = timed_ns(model_->compute, [&] { batch.samples = sample(*denoiser_, samples, batch.trace); });
  batch.images = batch.samples;
  if (decoder_.is_needed()) {
    const profiling::Scope scope(profiling::Phase::kDecode, "decode", {.rows = batch.samples.size(0)});
    batch.decode_ns = timed_ns(model_->compute, [&] { batch.images = decoder_(batch.samples); });
    batch.duration_ns += batch.decode_ns;
  }
  return batch;
}

int64_t CellRunner::peak_device_bytes() const { return measure::peak_device_bytes(model_->compute.device); }

double CellRunner::never_skip_difference(const std::vector<int64_t>& samples) {
  const auto& entry = methods::find_method(cell_.method, at_.where);
  const auto params = entry.never_skip(cell_.method_params, *model_);
  if (!params) {
    return 0.0;  // a method that never equals `full`
  }
  Trace ignored;
  const auto full = sample(*make("full", nlohmann::json::object(), {}), samples, ignored);
  const auto never = sample(*make(cell_.method, *params, {}), samples, ignored);
  return (full - never).abs().max().item<double>();
}

std::string CellRunner::fault(double tolerance) {
  if (!at::isfinite(run(kCheckedSamples).samples).all().item<bool>()) {
    return "samples are not finite";
  }
  const double difference = never_skip_difference(kCheckedSamples);
  if (!(difference <= tolerance)) {
    return fmt::format("at its never-skip setting the samples differ from full by {:.3g} (tolerance {:.3g})",
                       difference, tolerance);
  }
  const auto dependence =
      find_dependence({.make =
                           [this] {
                             auto fresh = make(cell_.method, cell_.method_params, {});
                             fresh->prepare({.rows = prepared_rows_, .times = times_of(plan())}, decisions_);
                             return fresh;
                           },
                       .seed = seed_,
                       .decides_by_batch = facts_.decides == "batch",
                       .tolerance = tolerance},
                      *sampler_, *model_);
  return dependence.value_or("");
}

}  // namespace diffbench::measure
