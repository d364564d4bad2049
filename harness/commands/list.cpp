// diffbench list: what there is, straight from the tables that the program itself looks names up in.

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "harness/commands/commands.h"
#include "harness/commands/open_suite.h"
#include "harness/quality/input_mode.h"
#include "harness/quality/metric_rows.h"
#include "harness/suite/plan.h"
#include "harness/suite/suite.h"
#include "methods/backbones/backbone_table.h"
#include "methods/config/input_error.h"
#include "methods/config/nearest.h"
#include "methods/config/param_spec.h"
#include "methods/config/paths.h"
#include "methods/registry.h"
#include "methods/runtimes/runtime.h"
#include "methods/solvers/solver_table.h"
#include "results/metrics.h"

namespace diffbench::commands {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json bound_of(const config::ParamSpec& spec, double bound) {
  const bool is_whole = spec.type == config::ParamType::kInteger || spec.type == config::ParamType::kIntegerList;
  return is_whole ? json(static_cast<int64_t>(bound)) : json(bound);
}

json params_json(const std::vector<config::ParamSpec>& specs) {
  json result = json::array();
  for (const auto& spec : specs) {
    json param = {{"name", spec.name},
                  {"type", config::name_of(spec.type)},
                  {"default", spec.default_value},
                  {"required", spec.default_value.is_null()},
                  {"description", spec.description}};
    if (spec.minimum) {
      param["minimum"] = bound_of(spec, *spec.minimum);
    }
    if (spec.maximum) {
      param["maximum"] = bound_of(spec, *spec.maximum);
    }
    if (!spec.choices.empty()) {
      param["choices"] = spec.choices;
    }
    result.push_back(std::move(param));
  }
  return result;
}

json list_methods() {
  json result = json::array();
  for (const auto& entry : methods::method_table()) {
    result.push_back({{"name", entry.name},
                      {"summary", entry.summary},
                      {"source", entry.source},
                      {"needs", entry.needs},
                      {"composes_with", methods::composes_with(entry)},
                      {"knob", entry.knob},
                      {"params", params_json(entry.params)}});
  }
  return result;
}

json list_solvers() {
  json result = json::array();
  for (const auto& entry : solvers::solver_table()) {
    auto params = entry.params;
    params.insert(params.end(), solvers::common_params().begin(), solvers::common_params().end());
    result.push_back({{"name", entry.name},
                      {"summary", entry.summary},
                      {"source", entry.source},
                      {"order", entry.order},
                      {"evaluations_per_step", entry.evaluations_per_step},
                      {"stochastic", entry.stochastic},
                      {"grids", entry.grids},
                      {"grids_on_vp_continuous", entry.continuous_grids},
                      {"params", params_json(params)}});
  }
  return result;
}

json list_grids() {
  json result = json::array();
  for (const auto& grid : solvers::grid_names()) {
    json users = json::array();
    for (const auto& solver : solvers::solver_table()) {
      const auto grids = solver.all_grids();
      if (std::find(grids.begin(), grids.end(), grid) != grids.end()) {
        users.push_back(solver.name);
      }
    }
    result.push_back({{"name", grid}, {"solvers", users}});
  }
  return result;
}

json list_backbones() {
  json result = json::array();
  for (const auto& entry : backbones::backbone_table()) {
    result.push_back({{"name", entry.name}, {"summary", entry.summary}, {"source", entry.source}});
  }
  return result;
}

json list_runtimes() {
  json result = json::array();
  for (const auto& entry : runtimes::runtime_table()) {
    json precisions = json::array();
    std::string missing;
    for (const auto& precision : entry.precisions) {
      const auto reason = entry.missing(precision);
      if (reason.empty()) {
        precisions.push_back(precision);
      } else {
        missing = reason;
      }
    }
    result.push_back({{"name", entry.name},
                      {"summary", entry.summary},
                      {"precisions", precisions},
                      {"available", !precisions.empty()},
                      {"missing", missing}});
  }
  return result;
}

json list_metrics() {
  json result = json::array();
  for (const auto& metric : results::kMetrics) {
    result.push_back({{"name", metric.name},
                      {"unit", metric.unit},
                      {"better", metric.better},
                      {"summary", metric.definition},
                      {"formula", metric.formula}});
  }
  for (const auto& metric : quality::metric_rows()) {
    result.push_back({{"name", metric.name},
                      {"unit", metric.unit},
                      {"better", metric.better},
                      {"summary", metric.definition},
                      {"formula", metric.formula}});
  }
  return result;
}

json list_modes() {
  json result = json::array();
  for (const auto& mode : quality::input_modes()) {
    result.push_back(
        {{"name", mode.name}, {"summary", mode.summary}, {"output", mode.output}, {"source", mode.source}});
  }
  return result;
}

json list_suites() {
  const fs::path folder = config::home() / "harness" / "suites";
  std::error_code error;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".toml") {
      files.push_back(entry.path());
    }
  }
  if (error) {
    throw config::InputError(folder.string() + ": " + error.message() + "; set DIFFBENCH_HOME to the project's folder");
  }
  std::sort(files.begin(), files.end());
  json result = json::array();
  for (const auto& file : files) {
    const auto suite = suite::parse_suite(file);
    result.push_back({{"name", suite.name},
                      {"summary", suite.description},
                      {"cells", suite::plan(suite).size()},
                      {"file", file.string()}});
  }
  return result;
}

struct Kind {
  const char* name;
  json (*list)();
};

constexpr Kind kKinds[] = {{"methods", list_methods},     {"solvers", list_solvers}, {"grids", list_grids},
                           {"backbones", list_backbones}, {"metrics", list_metrics}, {"modes", list_modes},
                           {"runtimes", list_runtimes},   {"suites", list_suites}};

std::string text_of(const json& value) {
  if (!value.is_array()) {
    return value.is_string() ? value.get<std::string>() : value.dump();
  }
  std::string text;
  for (const auto& element : value) {
    text += (text.empty() ? "" : " ") + text_of(element);
  }
  return text;
}

void print_param(const json& param) {
  std::string remark = param["required"] ? "required" : "default " + param["default"].dump();
  if (param.contains("choices")) {
    remark += "; one of " + text_of(param["choices"]);
  }
  if (param.contains("minimum") && param.contains("maximum")) {
    remark += "; " + param["minimum"].dump() + " to " + param["maximum"].dump();
  } else if (param.contains("minimum")) {
    remark += "; from " + param["minimum"].dump();
  } else if (param.contains("maximum")) {
    remark += "; up to " + param["maximum"].dump();
  }
  fmt::print("      {} ({}; {}): {}\n", param["name"].get<std::string>(), param["type"].get<std::string>(), remark,
             param["description"].get<std::string>());
}

// name and summary on one line, then every other fact that is not empty, then the parameters
void print_entry(const json& entry, size_t name_width) {
  const std::string summary = entry.value("summary", "");
  fmt::print("{:<{}}{}\n", entry["name"].get<std::string>(), summary.empty() ? 0 : name_width + 2, summary);
  for (const auto& [key, value] : entry.items()) {
    if (key != "name" && key != "summary" && key != "params" && !text_of(value).empty()) {
      fmt::print("    {}: {}\n", key, text_of(value));
    }
  }
  for (const auto& param : entry.value("params", json::array())) {
    print_param(param);
  }
}

void list(const std::string& what, bool as_json) {
  std::vector<std::string> names;
  for (const auto& kind : kKinds) {
    names.emplace_back(kind.name);
    if (what != kind.name) {
      continue;
    }
    const json entries = kind.list();
    if (as_json) {
      std::cout << entries.dump(2) << "\n";
      return;
    }
    size_t width = 0;
    for (const auto& entry : entries) {
      width = std::max(width, entry["name"].get_ref<const std::string&>().size());
    }
    for (const auto& entry : entries) {
      print_entry(entry, width);
    }
    return;
  }
  throw config::InputError("list: " + config::unknown_name("kind", what, names));
}

}  // namespace

void add_list(Command program, int&) {
  const Command command = program.add_subcommand("list", "what there is, with parameters and defaults");
  struct Options {
    std::string what;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  command
      .add_option("what", options->what, "methods | solvers | grids | backbones | metrics | modes | runtimes | suites")
      .required();
  add_plugin_option(command);
  command.add_flag("--json", options->json, "one JSON array on stdout");
  command.footer("Example: diffbench list methods");
  command.callback([options] { list(options->what, options->json); });
}

}  // namespace diffbench::commands
