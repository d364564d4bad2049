#include "harness/commands/calibrate_model.h"

#include <ATen/ATen.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>

#include "harness/commands/calibration_losses.h"
#include "harness/commands/sample_files.h"
#include "methods/config/input_error.h"
#include "methods/data/safetensors.h"
#include "methods/model/tensors.h"
#include "methods/registry.h"
#include "methods/risk_controlled/trajectory_losses.h"
#include "methods/sampling/sampling_conditions.h"
#include "methods/uncertainty_exit/uncertainty_method.h"

namespace diffbench::commands {
namespace {

namespace gates = methods::uncertainty_exit;

methods::risk_controlled::Loss loss_of(const ModelCalibration& options, const std::shared_ptr<Model>& model) {
  const auto& entry = calibration_loss_named(options.loss);
  if (!options.network.empty() && !entry.reads_network) {
    throw config::InputError("--network: --loss " + options.loss + " does not read it");
  }
  return entry.make({.model = model, .extractor = options.extractor, .network = options.network});
}

std::string losses_text() {
  std::string text = "what an early-exit sample loses against the full network's (rmse):";
  for (const auto& loss : calibration_losses()) {
    text +=
        std::string("\n") + loss.name + ": " + loss.summary + (*loss.needs ? std::string(" (") + loss.needs + ")" : "");
  }
  return text;
}

std::vector<double> thresholds_of(const ModelCalibration& options) {
  auto thresholds = options.thresholds;
  if (thresholds.empty()) {
    for (int i = 0; i <= 20; ++i) {
      thresholds.push_back(i / 100.0);
    }
  }
  for (size_t i = 0; i < thresholds.size(); ++i) {
    if (!(thresholds[i] >= 0.0 && thresholds[i] <= 1.0) || (i > 0 && !(thresholds[i] > thresholds[i - 1]))) {
      throw config::InputError("--thresholds: must rise from 0 or more, the most cautious, to 1 at the most");
    }
  }
  return thresholds;
}

nlohmann::json gate_params_of(const ModelCalibration& options) {
  auto params =
      config::resolve_params(config::params_from_flags(options.params, "--param"), gates::gate_params(), "--param");
  if (params.at("granularity") != "row") {
    throw config::InputError(
        "--param granularity: a guarantee needs trajectories that do not depend on their neighbours: row");
  }
  const auto heads = params.at("heads").get<std::string>();
  if (std::filesystem::is_directory(heads)) {  // the record is read from other folders too
    params["heads"] = std::filesystem::absolute(heads).string();
  }
  return params;
}

}  // namespace

void add_model_calibration(Command command, ModelCalibration& options) {
  const size_t before = command.options().size();
  add_model_options(command, options.model);
  const Option model = command.option("--model");
  model.required(false);
  add_sampling_options(command, options.sampling);
  command.add_option("--param", options.params, "parameter of uncertainty_exit key=value, repeatable; no threshold");
  command
      .add_option("--thresholds", options.thresholds,
                  "thresholds to try, comma-separated, the most cautious first (default: 0, 0.01, ... 0.2)")
      .delimiter(',');
  command.add_option("--loss", options.loss, losses_text()).one_of(calibration_loss_names());
  command.add_option("--extractor", options.extractor, "zoo name or TorchScript file, for losses that need one")
      .capture_default_str();
  command.add_option("--network", options.network, "TorchScript file of --loss lpips: forward(a, b) -> distances");
  command.add_option("--num", options.units, "calibration trajectories").capture_default_str().at_least(1);
  command.add_option("--batch", options.batch, "rows per network call").capture_default_str().at_least(1);
  command.add_option("--seed", options.seed, "of their noise: another than that of the samples to come")
      .capture_default_str();
  command.add_option("--out", options.out, "calibration file to write, for the method risk_controlled");
  command.add_option("--losses-out", options.losses_out, ".safetensors that receives losses and thresholds");
  const auto options_now = command.options();
  for (size_t i = before; i < options_now.size(); ++i) {  // with a table they would do nothing
    if (options_now[i].name() != model.name()) options_now[i].needs(model);
  }
}

CalibratedModel prepare(const ModelCalibration& options) {
  for (const auto& [flag, file] : {std::pair{"--out", options.out}, {"--losses-out", options.losses_out}}) {
    if (!file.empty()) {
      check_file_output(flag, file);
    }
  }
  const auto model = load(options.model);
  const Sampler sampler = make_sampler(options.sampling, *model);
  const Guidance guidance = guidance_of(options.sampling);
  const auto conditions = sampling_conditions(sampler.plan(), guidance, model->compute);
  const auto params = gate_params_of(options);
  const auto thresholds = thresholds_of(options);
  const auto denoiser = [&](std::optional<double> threshold) {
    const methods::MethodContext context{.model = model, .load = {}, .where = "--param", .conditions = conditions};
    auto method = threshold ? gates::make_with_threshold(params, *threshold, context)
                            : methods::make_method("full", nlohmann::json::object(), context);
    return guide(std::move(method), guidance, *model, "--guidance");
  };
  CalibratedModel result;
  result.losses = methods::risk_controlled::trajectory_losses(
      {.units = options.units, .batch = options.batch, .seed = options.seed, .thresholds = thresholds}, *model, sampler,
      denoiser, loss_of(options, model),
      [&](size_t done) { spdlog::info("{}/{} thresholds", done, thresholds.size()); });
  result.record = {.threshold = {},
                   .procedure = {},
                   .loss = options.loss,
                   .units = options.units,
                   .seed = static_cast<int64_t>(options.seed),
                   .model = model->fingerprint,
                   .gates = gates::gates_fingerprint(params, *model),
                   .conditions = conditions,
                   .gate_params = params};
  if (!options.losses_out.empty()) {
    const auto count = static_cast<int64_t>(thresholds.size());
    const auto losses = at::tensor(result.losses.losses, at::TensorOptions(at::kDouble));
    data::write_safetensors(options.losses_out,
                            {{"losses", to_raw(losses.reshape({options.units, count}))},
                             {"thresholds", to_raw(at::tensor(thresholds, at::TensorOptions(at::kDouble)))},
                             {"exits", to_raw(at::tensor(result.losses.exits, at::TensorOptions(at::kDouble)))}});
  }
  return result;
}

void write_result(CalibratedModel model, const risk_control::Calibration& result, const std::string& out) {
  auto& record = model.record;
  record.procedure = result.procedure->name;
  record.epsilon = result.target.epsilon;
  record.delta = result.target.delta;
  if (result.index) {
    record.threshold = result.candidates[*result.index].threshold;
    record.risk = result.candidates[*result.index].risk;
  }
  methods::risk_controlled::write_calibration(record, out);
}

}  // namespace diffbench::commands
