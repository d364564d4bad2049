#include "harness/commands/calibrate_model.h"

#include <ATen/ATen.h>
#include <spdlog/spdlog.h>

#include "harness/commands/sample_files.h"
#include "harness/quality/extractor.h"
#include "methods/config/input_error.h"
#include "methods/data/safetensors.h"
#include "methods/decode.h"
#include "methods/registry.h"
#include "methods/risk_controlled/trajectory_losses.h"
#include "methods/sampling_conditions.h"
#include "methods/tensors.h"
#include "methods/uncertainty_exit/uncertainty_method.h"

namespace diffbench::commands {
namespace {

using methods::risk_controlled::ImageDistance;
namespace gates = methods::uncertainty_exit;

// |f(a) - f(b)| / (|f(a)| + |f(b)|) in the extractor's features: 0 for equal images, at most 1
ImageDistance feature_distance(std::shared_ptr<quality::FeatureExtractor> extractor, std::shared_ptr<Model> model) {
  return [extractor, model](const at::Tensor& a, const at::Tensor& b) {
    const auto features = [&](const at::Tensor& samples) {
      return extractor->extract(to_uint8(decode(samples, *model), model->image)).features.to(at::kDouble);
    };
    const auto fa = features(a);
    const auto fb = features(b);
    const auto size = (fa.norm(2, {1}) + fb.norm(2, {1})).clamp_min(1e-12);
    return ((fa - fb).norm(2, {1}) / size).contiguous();
  };
}

ImageDistance distance_of(const ModelCalibration& options, const std::shared_ptr<Model>& model) {
  if (options.loss == "features") {
    return feature_distance(std::make_shared<quality::FeatureExtractor>(options.extractor, model->compute.device),
                            model);
  }
  return [model](const at::Tensor& a, const at::Tensor& b) {
    return methods::risk_controlled::rmse_distance(decode(a, *model), decode(b, *model), model->image);
  };
}

}  // namespace

void add_model_calibration(CLI::App& command, ModelCalibration& options) {
  add_model_options(command, options.model);
  command.get_option("--model")->required(false);
  add_sampling_options(command, options.sampling);
  command.add_option("--param", options.params, "parameter of uncertainty_exit key=value, repeatable; no threshold");
  command
      .add_option("--thresholds", options.thresholds,
                  "thresholds to try, comma-separated, the most cautious first (default: 0, 0.01, ... 0.2)")
      ->delimiter(',');
  command
      .add_option("--loss", options.loss, "distance of an early-exit sample from the full network's: rmse | features")
      ->capture_default_str()
      ->check(CLI::IsMember({"rmse", "features"}));
  command.add_option("--extractor", options.extractor, "zoo name or TorchScript file, for --loss features")
      ->capture_default_str();
  command.add_option("--num", options.units, "calibration trajectories")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command.add_option("--batch", options.batch, "rows per network call")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command.add_option("--seed", options.seed, "of their noise: another than that of the samples to come")
      ->capture_default_str();
  command.add_option("--out", options.out, "calibration file to write, for the method risk_controlled");
  command.add_option("--losses-out", options.losses_out, ".safetensors that receives losses and thresholds");
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
  const auto conditions = sampling_conditions(sampler.plan(), guidance);
  const auto params =
      config::resolve_params(config::params_from_flags(options.params, "--param"), gates::gate_params(), "--param");
  auto thresholds = options.thresholds;
  if (thresholds.empty()) {
    for (int i = 0; i <= 20; ++i) {
      thresholds.push_back(i / 100.0);
    }
  }
  const auto denoiser = [&](std::optional<double> threshold) {
    const methods::MethodContext context{.model = model, .load = {}, .where = "--param", .conditions = conditions};
    auto method = threshold ? gates::make_with_threshold(params, *threshold, context)
                            : methods::make_method("full", nlohmann::json::object(), context);
    return guide(std::move(method), guidance, *model, "--guidance");
  };
  CalibratedModel result;
  result.losses = methods::risk_controlled::trajectory_losses(
      {.units = options.units, .batch = options.batch, .seed = options.seed, .thresholds = thresholds}, *model, sampler,
      denoiser, distance_of(options, model),
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
                             {"thresholds", to_raw(at::tensor(thresholds, at::TensorOptions(at::kDouble)))}});
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
