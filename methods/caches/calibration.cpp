#include "methods/caches/calibration.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "methods/config/input_error.h"
#include "methods/config/paths.h"
#include "methods/config/toml_table.h"
#include "methods/method.h"

namespace diffbench::caches {

void write_calibration(const Calibration& calibration, const std::filesystem::path& file) {
  // JSON's strings and lists of numbers are TOML's
  const auto line = [](const char* key, const nlohmann::json& value) {
    return value.empty() ? std::string() : fmt::format("{} = {}\n", key, value.dump());
  };
  const std::string text = "# Written by `diffbench calibrate`; holds for this network, best for this plan\n" +
                           line("method", calibration.method) + line("model_fingerprint", calibration.model) +
                           line("conditions", calibration.conditions) + line("places", calibration.places) +
                           line("coefficients", calibration.coefficients) + line("ratios", calibration.ratios) +
                           line("runs", calibration.runs);
  const auto temporary = file.string() + ".tmp";
  {
    std::ofstream stream(temporary);
    stream << text;
    if (!stream.flush()) throw config::InputError(file.string() + ": cannot be written");
  }
  std::filesystem::rename(temporary, file);
}

std::filesystem::path find_calibration(const std::string& name, const methods::MethodContext& context) {
  const auto found = config::found_from(context.folder, name);
  if (std::filesystem::exists(found)) return found;
  return config::found_from(std::filesystem::path(context.model->file).parent_path(), name);
}

Calibration read_calibration(const std::string& name, const std::string& method,
                             const methods::MethodContext& context) {
  const auto file = find_calibration(name, context);
  const auto toml = config::TomlTable::parse_file(file);
  toml.allow_only({"method", "model_fingerprint", "conditions", "places", "coefficients", "ratios", "runs"});
  Calibration calibration{.method = toml.get<std::string>("method"),
                          .model = toml.get<std::string>("model_fingerprint"),
                          .conditions = toml.get<std::string>("conditions"),
                          .places = toml.get<int64_t>("places"),
                          .coefficients = toml.get_or("coefficients", std::vector<double>()),
                          .ratios = toml.get_or("ratios", std::vector<double>()),
                          .runs = toml.get_or("runs", std::vector<std::string>())};
  if (calibration.method != method) toml.fail("method", "is '" + calibration.method + "', not '" + method + "'");
  if (calibration.model != context.model->fingerprint) {
    toml.fail("model_fingerprint", "is of another network than '" + context.model->name + "'");
  }
  context.report(method + " calibration for " + std::to_string(calibration.places) + " times", file);
  return calibration;
}

}  // namespace diffbench::caches
