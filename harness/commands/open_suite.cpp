#include "harness/commands/open_suite.h"

#include "methods/config/paths.h"
#include "methods/plugin/load_plugin.h"
#include "methods/registry.h"
#include "methods/runtimes/runtime.h"
#include "methods/solvers/solver_table.h"

namespace diffbench::commands {

std::filesystem::path find_suite(const std::string& name) {
  if (std::filesystem::is_regular_file(name)) return name;
  const auto shipped = config::home() / "harness" / "suites" / (name + ".toml");
  return std::filesystem::exists(shipped) ? shipped : std::filesystem::path(name);
}

suite::Suite open_suite(const std::string& name, const std::vector<std::string>& overrides) {
  const auto file = find_suite(name);
  for (const auto& plugin : suite::plugins_of(file)) methods::load_plugin(plugin.file, plugin.where);
  return suite::parse_suite(
      file, overrides,
      {methods::method_names(), solvers::solver_names(), solvers::grid_names(), runtimes::runtime_names()});
}

void add_plugin_option(Command command) {
  command.add_list(
      "--plugin",
      [](const std::vector<std::string>& files) {
        for (const auto& file : files) methods::load_plugin(file, "--plugin");
      },
      "shared object with methods of its own (docs/examples/plugin); repeatable");
}

}  // namespace diffbench::commands
