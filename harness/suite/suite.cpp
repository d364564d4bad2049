#include "harness/suite/suite.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "harness/suite/read_options.h"
#include "methods/config/input_error.h"
#include "methods/config/nearest.h"
#include "methods/config/paths.h"
#include "methods/config/toml_table.h"

namespace diffbench::suite {
namespace {

using config::InputError;
using config::TomlTable;

void check_name(const TomlTable& table, std::string_view key, const std::string& name, std::string_view kind,
                const std::vector<std::string>& valid) {
  if (name.empty()) {
    table.fail(key, "must not be empty");
  }
  check_printable(table, key, name);
  if (!valid.empty() && std::find(valid.begin(), valid.end(), name) == valid.end()) {
    table.fail(key, config::unknown_name(kind, name, valid));
  }
}

MethodEntry read_method(const TomlTable& table, const ValidNames& valid) {
  MethodEntry method;
  method.name = table.get<std::string>("name");
  check_name(table, "name", method.name, "method", valid.methods);
  method.label = table.get_or<std::string>("label", method.name);
  check_name(table, "label", method.label, "label", {});
  method.model = table.get_or<std::string>("model", "");
  check_printable(table, "model", method.model);
  method.model_where = table.place_of("model");
  method.params = table.remaining_as_json();
  method.where = table.place_of("name");
  return method;
}

SolverEntry read_solver(const TomlTable& table, const ValidNames& valid) {
  SolverEntry solver;
  solver.name = table.get<std::string>("name");
  check_name(table, "name", solver.name, "solver", valid.solvers);
  solver.grid = table.get<std::string>("grid");
  check_name(table, "grid", solver.grid, "grid", valid.grids);
  if (!table.has("steps")) {
    table.fail_missing("steps", "an array of integers is needed");
  }
  read_list(table, "steps", solver.steps, 1);
  solver.params = table.remaining_as_json();
  solver.where = table.place_of("name");
  return solver;
}

// where a value was given last; of a default, where it could be
void note_place(const TomlTable& table, std::string_view key, std::string& place) {
  if (place.empty() || table.has(key)) place = table.place_of(key);
}

// everything that overrides may reach
void read_settings(const TomlTable& top, Suite& suite) {
  top.allow_only({"name", "description", "seed", "plugins", "method", "solver", "run", "timing", "quality", "check"});
  suite.name = top.get_or<std::string>("name", suite.name);
  suite.description = top.get_or<std::string>("description", suite.description);
  check_printable(top, "name", suite.name);
  suite.seed = top.get_or<std::int64_t>("seed", suite.seed);
  if (suite.seed < 0) {
    top.fail("seed", "must not be negative");
  }
  if (top.has("plugins")) suite.plugins = top.get<std::vector<std::string>>("plugins");
  const auto run = top.table_or_empty("run");
  const auto quality = top.table_or_empty("quality");
  note_place(run, "model", suite.places.model);
  note_place(run, "runtime", suite.places.runtime);
  note_place(quality, "extractor", suite.quality.extractors.front().extractor_where);
  note_place(quality, "reference", suite.quality.extractors.front().reference_where);
  note_place(quality, "metrics", suite.quality.metrics_where);
  note_place(quality, "lpips", suite.quality.lpips_where);
  read_run(run, suite.run);
  read_timing(top.table_or_empty("timing"), suite.timing);
  read_quality(quality, suite.quality);
  read_check(top.table_or_empty("check"), suite.check);
}

void apply_override(const std::string& assignment, Suite& suite) {
  const std::string place = "--set " + assignment;
  const size_t equals = assignment.find('=');
  if (assignment.find('\n') != std::string::npos) {
    throw InputError("--set: must be key=value on one line");
  }
  if (equals == 0 || equals == std::string::npos) {
    throw InputError(place + ": must be key=value");
  }
  const std::string key = assignment.substr(0, equals);
  const std::string value = assignment.substr(equals + 1);
  const std::string root = key.substr(0, key.find('.'));
  if (root == "method" || root == "solver") {
    throw InputError(place + ": methods and solvers cannot be set from outside; edit the suite");
  }
  if (root == "plugins") {
    throw InputError(place + ": give them as --plugin F.so");
  }
  const auto drop_line = [&](std::string& text) {  // an override has none
    if (text.starts_with(place + ":1:")) text.erase(place.size(), 2);
  };
  const auto parse = [&](const std::string& text) { return TomlTable::parse(key + " = " + text, place); };
  const auto parse_value_or_text = [&] {
    try {
      return parse(value);
    } catch (const InputError&) {
      return parse(nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    }
  };
  try {
    read_settings(parse_value_or_text(), suite);
  } catch (const InputError& error) {
    std::string message = error.what();
    drop_line(message);
    throw InputError(message);
  }
  auto& quality = suite.quality;
  for (auto* noted : {&suite.places.model, &quality.metrics_where, &quality.lpips_where}) drop_line(*noted);
  for (auto& entry : quality.extractors) {
    drop_line(entry.extractor_where);
    drop_line(entry.reference_where);
  }
}

void check_labels(const std::vector<MethodEntry>& methods, const std::vector<TomlTable>& tables) {
  std::set<std::string> labels;
  for (size_t i = 0; i < methods.size(); ++i) {
    if (!labels.insert(methods[i].label).second) {
      tables[i].fail("label", "'" + methods[i].label + "' stands twice; give one of the methods another label");
    }
  }
}

void check_compare_with(const Suite& suite, const std::string& file) {
  std::vector<std::string> labels;
  for (const auto& method : suite.methods) {
    labels.push_back(method.label);
  }
  const auto& wanted = suite.run.compare_with;
  if (!wanted.empty() && std::find(labels.begin(), labels.end(), wanted) == labels.end()) {
    throw InputError(file + ": [run] compare_with: " + config::unknown_name("method label", wanted, labels));
  }
}

}  // namespace

Suite parse_suite_text(std::string_view text, std::string file_name, const std::vector<std::string>& overrides,
                       const ValidNames& valid) {
  Suite suite;
  suite.text = text;
  const TomlTable top = TomlTable::parse(text, std::move(file_name));
  read_settings(top, suite);
  if (!top.has("name")) {
    top.fail_missing("name", "the suite needs one");
  }
  const auto methods = top.tables("method");
  for (const auto& table : methods) {
    suite.methods.push_back(read_method(table, valid));
  }
  const auto solvers = top.tables("solver");
  for (const auto& table : solvers) {
    suite.solvers.push_back(read_solver(table, valid));
  }
  if (methods.empty() || solvers.empty()) {
    top.fail(methods.empty() ? "method" : "solver", "at least one is needed");
  }
  check_labels(suite.methods, methods);
  for (const auto& assignment : overrides) {
    apply_override(assignment, suite);
  }
  if (suite.name.empty()) {
    top.fail("name", "must not be empty");
  }
  check_compare_with(suite, top.file());
  for (const auto& runtime : suite.run.runtime) {
    if (!valid.runtimes.empty() &&
        std::find(valid.runtimes.begin(), valid.runtimes.end(), runtime) == valid.runtimes.end()) {
      throw InputError(suite.places.runtime + ": " + config::unknown_name("runtime", runtime, valid.runtimes));
    }
  }
  if (suite.timing.min_rounds > suite.timing.max_rounds) {
    throw InputError(top.file() + ": [timing] min_rounds: must not exceed max_rounds");
  }
  return suite;
}

Suite parse_suite(const std::filesystem::path& path, const std::vector<std::string>& overrides,
                  const ValidNames& valid) {
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path)) {
    throw InputError(path.string() + ": cannot read this file");
  }
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  Suite suite = parse_suite_text(text, path.string(), overrides, valid);
  suite.folder = path.parent_path();
  return suite;
}

std::vector<Plugin> plugins_of(const std::filesystem::path& path) {
  const auto top = TomlTable::parse_file(path);
  std::vector<Plugin> plugins;
  for (const auto& name : top.get_or<std::vector<std::string>>("plugins", {})) {
    plugins.push_back({config::found_from(path.parent_path(), name), top.place_of("plugins")});
  }
  return plugins;
}

}  // namespace diffbench::suite
