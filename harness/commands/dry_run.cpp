#include "harness/commands/dry_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <numeric>
#include <optional>

#include "harness/commands/text_table.h"
#include "harness/measure/cell_runner.h"
#include "harness/measure/forecast.h"
#include "harness/measure/tensor_memory.h"
#include "harness/ranks/exchange.h"
#include "methods/config/input_error.h"

namespace diffbench::commands {
namespace {

using measure::CellRunner;
using nlohmann::json;

constexpr int64_t kLongNs = 1'000'000'000;  // an evaluation that took longer is not made again, warm

// what one evaluation of `full` took
struct Probe {
  double s_per_flop = 0.0;
  double decode_s = 0.0;     // of the whole batch
  int64_t tensor_bytes = 0;  // the most that its tensors held at one time, beside the models
};

struct Line {
  const suite::Cell* cell;
  std::unique_ptr<CellRunner> runner;
  measure::Promise promise{};
  Probe probe{};
  measure::CellCost cost{};
  bool is_bound = false;  // the method decides by what it sees: flops and times are those of every block
};

Guidance guidance_of(const suite::RunOptions& run) {
  Guidance guidance{.scale = run.guidance};
  set_interval(guidance, run.guidance_interval, "[run] guidance_interval");
  return guidance;
}

class Forecaster {
 public:
  Forecaster(const ranks::Communicator& world, const DryRun& request)
      : world_(world), request_(request), models_(request.device) {}

  void resolve() {
    std::optional<measure::TensorMemory> memory;
    world_.together([&] {
      memory.emplace(resolve_compute(request_.device, "fp32").device);
      for (const auto& cell : request_.cells) {
        lines_.push_back({.cell = &cell, .runner = std::make_unique<CellRunner>(cell, request_.suite, models_)});
      }
      model_bytes_ = memory->held_bytes();
    });
  }

  void estimate() {
    const auto guidance = guidance_of(request_.suite.run);
    for (auto& line : lines_) {
      const auto& facts = line.runner->facts();
      const auto& cell = *line.cell;
      line.promise = measure::promise_of(facts, line.runner->plan(), guidance, *line.runner->model().network.backbone);
      line.is_bound = !line.promise.flops && !is_null(cell);
      const double flops = is_null(cell) ? 0.0 : line.promise.flops.value_or(facts.flops_full);
      line.probe = probe(cell, cell.batch);
      line.cost.repetition_s = flops * line.probe.s_per_flop * cell.batch + line.probe.decode_s;
      const bool by_batch = facts.decides == "batch";
      if (!is_null(cell)) {
        const int batch = by_batch ? cell.batch : request_.suite.quality.batch;
        line.cost.judgement_key = by_batch ? cell.quality_key + "/b" + std::to_string(cell.batch) : cell.quality_key;
        if (request_.suite.quality.samples > 0) {
          const auto judged = probe(cell, batch);
          line.cost.sample_s = flops * judged.s_per_flop + judged.decode_s / batch;
        } else {
          line.cost.sample_s = line.cost.repetition_s / cell.batch;
        }
      }
    }
  }

  json document() const {
    json cells = json::array();
    std::vector<measure::CellCost> costs;
    for (const auto& line : lines_) {
      cells.push_back(describe(line));
      costs.push_back(line.cost);
    }
    const auto time = measure::forecast_time(request_.suite, world_.size(), costs);
    return {{"dry_run", true},
            {"suite", request_.suite.name},
            {"ranks", world_.size()},
            {"device", request_.device},
            {"cells", cells},
            {"model_bytes", model_bytes_},
            {"time",
             {{"checks_s", time.checks_s},
              {"timing_s", {time.timing_least_s, time.timing_most_s}},
              {"timing_is_capped", time.timing_is_capped},
              {"quality_s", time.quality_s},
              {"total_s", {time.least_s(), time.most_s()}}}},
            {"how", kHow}};
  }

  static constexpr const char* kHow =
      "Times: one evaluation of full per model, precision, runtime and batch was timed on all ranks at once; the rest "
      "is arithmetic over FLOPs and evaluations. A method that decides by what it sees counts with every block (\"at "
      "most\"); "
      "what a method keeps of dropped blocks, or spends on deciding, is not counted. Memory: the tensors of that "
      "evaluation, per rank, beside all models, gates and heads; what a method remembers comes on top.";

 private:
  static bool is_null(const suite::Cell& cell) { return cell.method == "null"; }

  // `cell` with every block and as few evaluations as its solver can make, at a batch size
  std::unique_ptr<CellRunner> probing_runner(const suite::Cell& cell, int batch) {
    suite::Cell probe = cell;
    probe.method = probe.label = "full";
    probe.method_params = json::object();
    probe.batch = batch;
    for (probe.steps = 1; probe.steps < cell.steps; ++probe.steps) {
      try {
        return std::make_unique<CellRunner>(probe, request_.suite, models_);
      } catch (const config::InputError&) {  // too few steps for this solver
      }
    }
    return std::make_unique<CellRunner>(probe, request_.suite, models_);
  }

  Probe probe(const suite::Cell& cell, int batch) {
    const auto key = fmt::format("{} {} {} {}", cell.model, cell.precision, cell.runtime, batch);
    const auto known = probes_.find(key);
    if (known != probes_.end()) {
      return known->second;
    }
    Probe mine;
    world_.together([&] { mine = measured(cell, batch); });
    json slowest = {mine.s_per_flop, mine.decode_s, mine.tensor_bytes};
    for (const auto& other : ranks::collect(world_, slowest)) {
      for (size_t i = 0; i < slowest.size(); ++i) {
        slowest[i] = std::max(slowest[i], other[i]);
      }
    }
    slowest = ranks::share(world_, slowest);
    return probes_[key] = {slowest[0], slowest[1], slowest[2]};
  }

  Probe measured(const suite::Cell& cell, int batch) {
    const auto runner = probing_runner(cell, batch);
    std::vector<int64_t> samples(static_cast<size_t>(batch));
    std::iota(samples.begin(), samples.end(), int64_t{0});
    runner->prepare(batch, nullptr);
    Probe result;
    measure::Batch done;
    {
      const measure::TensorMemory memory(runner->model().compute.device);
      done = runner->run(samples);
      result.tensor_bytes = memory.peak_bytes();
    }
    if (done.duration_ns < kLongNs) {
      done = runner->run(samples);
    }
    result.decode_s = static_cast<double>(done.decode_ns) * 1e-9;
    result.s_per_flop =
        static_cast<double>(done.duration_ns - done.decode_ns) * 1e-9 / (runner->facts().flops_full * batch);
    return result;
  }

  json describe(const Line& line) const {
    const auto& cell = *line.cell;
    const auto& facts = line.runner->facts();
    const auto optional = [](const std::optional<double>& value) { return value ? json(*value) : json(); };
    return {{"key", cell.key},
            {"baseline", cell.baseline ? json(request_.cells[static_cast<size_t>(*cell.baseline)].key) : json()},
            {"method", cell.method},
            {"label", cell.label},
            {"model", cell.model},
            {"params", facts.method_params},
            {"solver_params", facts.solver_params},
            {"decides", facts.decides},
            {"files", files_of(facts)},
            {"evaluations", line.runner->plan().evaluations.size()},
            {"blocks_full", line.promise.blocks_full},
            {"blocks", is_null(cell) ? json(0.0) : optional(line.promise.blocks)},
            {"flops_full", facts.flops_full},
            {"flops", is_null(cell) ? json(0.0) : optional(line.promise.flops)},
            {"tensor_bytes", is_null(cell) ? 0 : line.probe.tensor_bytes},
            {"repetition_s", line.cost.repetition_s},
            {"is_bound", line.is_bound}};
  }

  static json files_of(const measure::CellFacts& facts) {
    json files = json::array();
    for (const auto& file : facts.artifacts) {
      files.push_back({{"role", file.role}, {"path", file.path}, {"sha256", file.sha256}});
    }
    return files;
  }

  const ranks::Communicator& world_;
  const DryRun& request_;
  measure::ModelCache models_;
  std::vector<Line> lines_;
  int64_t model_bytes_ = 0;
  std::map<std::string, Probe> probes_;
};

std::string seconds_text(double seconds) {
  if (seconds >= 120.0) {
    return fmt::format("{:.1f} min", seconds / 60.0);
  }
  return seconds >= 1.0 ? fmt::format("{:.1f} s", seconds) : fmt::format("{:.3g} ms", seconds * 1e3);
}

std::string range_text(const json& range) {
  const auto low = seconds_text(range[0]);
  const auto high = seconds_text(range[1]);
  return low == high ? low : low + " to " + high;
}

double mebibytes(const json& bytes) { return bytes.get<double>() / (1 << 20); }

std::string text_of(const json& run) {
  const auto& cells = run.at("cells");
  std::string text = fmt::format("Dry run of '{}': {} cells on {} rank{} ({}); nothing was measured or written.\n",
                                 run.at("suite").get<std::string>(), cells.size(), run.at("ranks").get<int>(),
                                 run.at("ranks") == 1 ? "" : "s", run.at("device").get<std::string>());
  std::vector<TextColumn> columns{
      {"cell", {}, true}, {"blocks per sample", {}}, {"GFLOP per sample", {}}, {"memory", {}}, {"repetition", {}}};
  for (const auto& cell : cells) {
    const bool bound = cell.at("is_bound");
    const auto& blocks = cell.at("blocks");
    const auto& flops = cell.at("flops");
    const std::string most = bound ? "at most " : "";
    columns[0].texts.push_back(cell.at("key"));
    columns[1].texts.push_back(
        bound ? fmt::format("at most {:.0f}", cell.at("blocks_full").get<double>())
              : fmt::format("{:.0f} of {:.0f}", blocks.get<double>(), cell.at("blocks_full").get<double>()));
    columns[2].texts.push_back(most +
                               fmt::format("{:.3g}", (bound ? cell.at("flops_full") : flops).get<double>() * 1e-9));
    columns[3].texts.push_back(fmt::format("{:.3g} MiB", mebibytes(cell.at("tensor_bytes"))));
    columns[4].texts.push_back(most + seconds_text(cell.at("repetition_s")));
  }
  text += text_table(columns, line_width());
  const auto& time = run.at("time");
  text += fmt::format("All models, gates and heads: {:.3g} MiB per rank.\n", mebibytes(run.at("model_bytes")));
  text += fmt::format("Estimated time: {} for checks, {} for timing{}, {} for quality; {} in all.\n",
                      seconds_text(time.at("checks_s")), range_text(time.at("timing_s")),
                      time.at("timing_is_capped") ? " (max_seconds ends it)" : "", seconds_text(time.at("quality_s")),
                      range_text(time.at("total_s")));
  return text + run.at("how").get<std::string>() + "\n";
}

}  // namespace

int dry_run(const ranks::Communicator& world, const DryRun& request) {
  Forecaster forecaster(world, request);
  forecaster.resolve();
  forecaster.estimate();
  if (world.rank() == 0) {
    const auto document = forecaster.document();
    std::cout << (request.json ? document.dump(-1, ' ', false, json::error_handler_t::replace) + "\n"
                               : text_of(document));
  }
  return 0;
}

}  // namespace diffbench::commands
