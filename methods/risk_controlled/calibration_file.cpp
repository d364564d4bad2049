#include "methods/risk_controlled/calibration_file.h"

#include <fmt/format.h>

#include <fstream>

#include "methods/config/input_error.h"
#include "methods/config/toml_table.h"

namespace diffbench::methods::risk_controlled {

namespace {

// JSON's escapes are TOML's
std::string quoted(const std::string& text) { return nlohmann::json(text).dump(); }

}  // namespace

void write_calibration(const CalibrationRecord& record, const std::filesystem::path& file) {
  std::string text =
      "# Written by `diffbench calibrate`; holds for this model, these gates and these conditions only\n";
  if (record.threshold) {
    text += fmt::format("threshold = {}\n", *record.threshold);
  } else {
    text += "# no threshold qualified: the full network runs\n";
  }
  text += fmt::format(
      "procedure = {}\nepsilon = {}\ndelta = {}\nloss = {}\nunits = {}\nseed = {}\nrisk = {}\n"
      "model_fingerprint = {}\ngates_fingerprint = {}\nconditions = {}\n",
      quoted(record.procedure), record.epsilon, record.delta, quoted(record.loss), record.units, record.seed,
      record.risk, quoted(record.model), quoted(record.gates), quoted(record.conditions));
  text += fmt::format("gate_params = {}\n", quoted(record.gate_params.dump()));
  const auto temporary = file.string() + ".tmp";
  {
    std::ofstream stream(temporary);
    stream << text;
    if (!stream.flush()) {
      throw config::InputError(file.string() + ": cannot be written");
    }
  }
  std::filesystem::rename(temporary, file);
}

CalibrationRecord read_calibration(const std::filesystem::path& file) {
  const auto toml = config::TomlTable::parse_file(file);
  toml.allow_only({"threshold", "procedure", "epsilon", "delta", "loss", "units", "seed", "risk", "model_fingerprint",
                   "gates_fingerprint", "conditions", "gate_params"});
  CalibrationRecord record;
  if (toml.has("threshold")) {
    record.threshold = toml.get<double>("threshold");
  }
  record.procedure = toml.get<std::string>("procedure");
  record.epsilon = toml.get<double>("epsilon");
  record.delta = toml.get<double>("delta");
  record.loss = toml.get<std::string>("loss");
  record.units = toml.get<int64_t>("units");
  record.seed = toml.get<int64_t>("seed");
  record.risk = toml.get<double>("risk");
  record.model = toml.get<std::string>("model_fingerprint");
  record.gates = toml.get<std::string>("gates_fingerprint");
  record.conditions = toml.get<std::string>("conditions");
  record.gate_params = nlohmann::json::parse(toml.get<std::string>("gate_params"), nullptr, false);
  if (!record.gate_params.is_object()) {
    toml.fail("gate_params", "must be a JSON object in a string");
  }
  return record;
}

}  // namespace diffbench::methods::risk_controlled
