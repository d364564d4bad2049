#include <ATen/ATen.h>
#include <spdlog/spdlog.h>

#include <iostream>
#include <numeric>

#include "harness/commands/commands.h"
#include "harness/commands/model_options.h"
#include "harness/commands/open_suite.h"
#include "harness/commands/sample_files.h"
#include "harness/commands/sampling_options.h"
#include "methods/config/input_error.h"
#include "methods/model/decode.h"
#include "methods/registry.h"
#include "methods/sampling/sampling_conditions.h"

namespace diffbench::commands {
namespace {

struct Options {
  ModelOptions model;
  std::string method = "full";
  std::vector<std::string> params;
  SamplingOptions sampling;
  int64_t num = 16;
  int64_t batch = 64;
  uint64_t seed = 0;
  std::string noise;
  std::string labels;
  std::string context;
  std::string out;
  std::string trace;
  bool json = false;
};

// what --trace keeps of every evaluation
struct Recorder {
  std::vector<double> t;
  std::vector<at::Tensor> x;
  std::vector<at::Tensor> eps;

  Sampler::Observer observer() {
    return [this](double time, const at::Tensor& input, const at::Tensor& output) {
      t.push_back(time);
      x.push_back(input.clone());
      eps.push_back(output.clone());
    };
  }
};

nlohmann::json to_json(const Trace& trace, int64_t num) {
  double blocks = 0.0;
  double flops = 0.0;
  for (const auto& evaluation : trace) {
    blocks += evaluation.blocks_executed;
    flops += evaluation.flops;
  }
  const auto samples = static_cast<double>(num);
  return {{"blocks_per_sample", blocks / samples}, {"flops_per_sample", flops / samples}};
}

void sample(const Options& options) {
  check_output(options.out);
  if (!options.trace.empty()) {
    check_tensor_output("--trace", options.trace);
  }
  if (!options.trace.empty() && options.num > options.batch) {
    throw config::InputError("--trace: needs --num (" + std::to_string(options.num) + ") at most --batch (" +
                             std::to_string(options.batch) + ")");
  }
  const auto model = load(options.model);
  const Sampler sampler = make_sampler(options.sampling, *model);
  Guidance guidance = guidance_of(options.sampling);
  const TextInputs text = read_text(options.context, options.num, *model);
  guidance.null_context = text.null_context;
  auto method = methods::make_method(options.method, config::params_from_flags(options.params, "--param"),
                                     {.model = model,
                                      .load = [&](const std::string& name) { return load(options.model, name); },
                                      .where = "--method " + options.method,
                                      .conditions = sampling_conditions(sampler.plan(), guidance, model->compute)});
  const auto denoiser = guide(std::move(method), guidance, *model, "--guidance");
  // caches count in places of the plan; nothing is to be measured, so that the same command gives the same samples
  denoiser->prepare({.rows = std::min(options.num, options.batch), .times = times_of(sampler.plan())},
                    nlohmann::json::object());
  const std::vector<int64_t> image{model->network.channels, model->network.image_size, model->network.image_size};
  SampleInputs inputs =
      read_sample_inputs(options.noise, options.labels, options.num, model->network, sampler.plan().noise_draws);
  inputs.context = text.context;
  Recorder recorder;
  Trace trace;
  const Decoder decoder(*model);
  std::vector<at::Tensor> parts;
  for (int64_t first = 0; first < options.num; first += options.batch) {
    std::vector<int64_t> rows(static_cast<size_t>(std::min(options.batch, options.num - first)));
    std::iota(rows.begin(), rows.end(), first);
    const auto noise = inputs.noise_of(rows, options.seed, image, model->compute);
    const auto prompt = inputs.prompt_of(rows, model->network.classes, model->compute);
    parts.push_back(decoder(sampler.run(*denoiser, *noise, prompt, trace,
                                        options.trace.empty() ? Sampler::Observer{} : recorder.observer())));
    spdlog::info("{}/{} samples", first + static_cast<int64_t>(rows.size()), options.num);
  }
  const auto samples = at::cat(parts);
  if (!at::isfinite(samples).all().item<bool>()) {
    throw config::InputError(model->file + ": the samples are not finite: damaged weights, or too low a precision");
  }
  write_samples(options.out, samples, inputs.all_labels(options.num, model->network.classes), model->image);
  if (!options.trace.empty()) {
    write_trace(options.trace, recorder.t, recorder.x, recorder.eps);
  }
  if (options.json) {
    auto document = to_json(trace, options.num);
    document["out"] = options.out;
    document["num"] = options.num;
    document["evaluations"] = sampler.plan().evaluations.size();
    std::cout << document << "\n";
  }
}

}  // namespace

void add_sample(Command program, int&) {
  const Command command = program.add_subcommand("sample", "generates images");
  auto options = std::make_shared<Options>();
  add_model_options(command, options->model);
  command.add_option("--method", options->method, "acceleration method (diffbench list methods)").capture_default_str();
  command.add_option("--param", options->params, "method parameter key=value, repeatable");
  add_sampling_options(command, options->sampling);
  command.add_option("--num", options->num, "samples").capture_default_str().at_least(1);
  command.add_option("--batch", options->batch, "rows per network call").capture_default_str().at_least(1);
  command.add_option("--seed", options->seed, "of the counter-based noise").capture_default_str().at_least(0);
  command.add_option("--noise", options->noise,
                     "file with `noise` [N,C,H,W] and, for stochastic solvers, `step_noise`");
  command.add_option("--labels", options->labels, "file with `labels` [N] int64 (default: the classes in turn)");
  command.add_option("--context", options->context,
                     "text-to-image: file with the texts' features `context` [N,tokens,width] and, for guidance, "
                     "`null_context` [tokens,width]");
  command.add_option("--out", options->out, "folder for PNG files, or .npz, or .safetensors").required();
  command.add_option("--trace", options->trace, ".safetensors that receives t, x and eps of every evaluation");
  add_plugin_option(command);
  command.add_flag("--json", options->json, "one JSON document on stdout");
  command.footer(
      "Example: diffbench sample --model fashion_mnist --method duodiff --param switch_t=500 --solver ddim "
      "--steps 20 --num 64 --out samples/");
  command.callback([options] { sample(*options); });
}

}  // namespace diffbench::commands
