#include "harness/commands/model_options.h"

#include <ATen/Parallel.h>

#include "methods/config/input_error.h"
#include "methods/runtimes/runtime.h"

namespace diffbench::commands {

void add_model_options(Command command, ModelOptions& options) {
  command.add_option("--model", options.model, "zoo name, folder with a model.toml, or model.toml").required();
  command.add_option("--device", options.device, "auto | cpu | cuda | cuda:N").capture_default_str();
  command.add_option("--precision", options.precision, "fp64 | fp32 | bf16 | fp16").capture_default_str();
  command.add_option("--runtime", options.runtime, "what executes the blocks: diffbench list runtimes")
      .capture_default_str();
  command.add_option("--threads", options.threads, "CPU threads (default: all)").at_least(1);
}

std::shared_ptr<Model> load(const ModelOptions& options) {
  if (options.threads > 0) {
    at::set_num_threads(options.threads);
  }
  auto model = load_model(options.model, resolve_compute(options.device, options.precision));
  try {
    runtimes::use_runtime(*model, options.runtime);
  } catch (const runtimes::RuntimeMissing& reason) {
    throw config::InputError("--runtime: " + std::string(reason.what()));
  }
  return model;
}

std::shared_ptr<Model> load(ModelOptions options, const std::string& name) {
  options.model = name;
  return load(options);
}

}  // namespace diffbench::commands
