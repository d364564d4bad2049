// uncertainty_exit at a threshold that was calibrated for exactly what is run, and refuses anything else.
#include <filesystem>

#include "methods/config/input_error.h"
#include "methods/config/paths.h"
#include "methods/risk_controlled/calibration_file.h"
#include "methods/uncertainty_exit/uncertainty_method.h"

namespace diffbench::methods::risk_controlled {
namespace {

namespace fs = std::filesystem;

void check_fingerprints(const CalibrationRecord& record, const nlohmann::json& gate_params,
                        const MethodContext& context, const std::string& file) {
  const auto refuse = [&](const std::string& what, const std::string& calibrated, const std::string& now) {
    throw config::InputError(context.where + ": calibration: " + file + " holds for another " + what + " ('" +
                             calibrated + "', this run has '" + now + "'); calibrate again");
  };
  if (record.model != context.model->fingerprint) {
    refuse("checkpoint", record.model.substr(0, 12), context.model->fingerprint.substr(0, 12));
  }
  const auto gates = uncertainty_exit::gates_fingerprint(gate_params, *context.model, context.folder);
  if (record.gates != gates) {
    refuse("set of gates", record.gates.substr(0, 12), gates.substr(0, 12));
  }
  if (record.conditions != context.conditions) {
    refuse("way of sampling", record.conditions, context.conditions);
  }
}

// from the suite, as given, or in the model's folder, so that a suite may name what lies beside a model wherever it is
// run from
fs::path find_calibration(const std::string& named, const MethodContext& context) {
  const auto folder = fs::path(context.model->file).parent_path();
  if (named.empty()) {
    return folder / "calibration.toml";
  }
  const auto found = config::found_from(context.folder, named);
  return fs::exists(found) ? found : config::found_from(folder, named);
}

// the file of the folder that holds for what is run
fs::path choose_from(const fs::path& folder, const MethodContext& context) {
  size_t others = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".toml") {
      if (read_calibration(entry.path()).conditions == context.conditions) {
        return entry.path();
      }
      ++others;
    }
  }
  throw config::InputError(context.where + ": calibration: none of the " + std::to_string(others) +
                           " calibrations in " + folder.string() + " holds for '" + context.conditions +
                           "'; `diffbench calibrate --model ... --out FILE` makes one");
}

std::unique_ptr<Denoiser> make(const nlohmann::json& params, const MethodContext& context) {
  const bool exits = params.at("exits").get<bool>();
  auto file = find_calibration(params.at("calibration"), context);
  if (exits && fs::is_directory(file)) {
    file = choose_from(file, context);
  }
  CalibrationRecord record;
  if (fs::is_regular_file(file)) {
    record = read_calibration(file);
    context.report("calibration", file);
  } else if (exits) {
    throw config::InputError(context.where + ": calibration: no such file: " + file.string() +
                             "; `diffbench calibrate --model ... --out FILE` makes one");
  }
  const auto gate_params = config::resolve_params(record.gate_params, uncertainty_exit::gate_params(), file.string());
  if (exits) {
    check_fingerprints(record, gate_params, context, file.string());
  }
  return uncertainty_exit::make_with_threshold(gate_params, exits ? record.threshold.value_or(0.0) : 0.0, context);
}

}  // namespace

MethodEntry entry() {
  using config::ParamType;
  return {.name = "risk_controlled",
          .summary = "uncertainty_exit at a threshold whose risk was calibrated for this model, solver and guidance",
          .source = "Fast yet Safe: Jazbec et al., NeurIPS 2024, arXiv 2405.20915",
          .needs = "gates, as uncertainty_exit, and a calibration (diffbench calibrate --model)",
          .alone = "a calibration holds for its model, solver and guidance alone",
          .knob = "calibration",
          .params = {{.name = "calibration",
                      .type = ParamType::kString,
                      .default_value = "",
                      .description = "file written by `diffbench calibrate`, or a folder of them, of which the one for "
                                     "this way of sampling is "
                                     "read; also sought in the model's folder; empty: calibration.toml there"},
                     {.name = "exits",
                      .type = ParamType::kBool,
                      .default_value = true,
                      .description = "false: probe, but never leave, whatever the calibration"}},
          .make = make,
          .never_skip =
              [](nlohmann::json params, const Model&) {
                params["exits"] = false;
                return std::optional(std::move(params));
              },
          .decides = [](const nlohmann::json&) { return Decides::kRow; }};
}

}  // namespace diffbench::methods::risk_controlled
