#include "harness/commands/usage.h"

#include <algorithm>
#include <vector>

#include "methods/config/nearest.h"

namespace diffbench::commands {
namespace {

std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;  // hidden
    for (const auto& name : option->get_lnames()) {
      flags.push_back("--" + name);
    }
    for (const auto& name : option->get_snames()) {
      flags.push_back("-" + name);
    }
  }
  return flags;
}

std::vector<std::string> subcommands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* subcommand : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(subcommand->get_name());
  }
  return names;
}

// the argument that `app` did not understand; empty if there is none. CLI11 lists the value of an unknown flag too, so
// flags come first here.
std::string surplus_of(const CLI::App& app) {
  const std::vector<std::string> surplus = app.remaining();
  const auto flag =
      std::find_if(surplus.begin(), surplus.end(), [](const auto& text) { return text.starts_with('-'); });
  if (flag != surplus.end()) {
    return flag->substr(0, flag->find('='));
  }
  return surplus.empty() ? "" : surplus.front();
}

}  // namespace

std::string describe(const CLI::App& app, const CLI::ParseError& error) {
  // `app` is const, and CLI11 offers the parsed subcommands of a const App only through a filter
  const auto parsed = app.get_subcommands([](const CLI::App* subcommand) { return subcommand->parsed(); });
  const CLI::App& at_fault = parsed.empty() ? app : *parsed.front();
  const std::string place = parsed.empty() ? "" : at_fault.get_name() + ": ";
  const std::string surplus = surplus_of(at_fault);
  if (surplus.starts_with('-')) {  // more telling than the argument that a mistyped flag leaves missing
    return place + config::unknown_name("flag", surplus, flags_of(at_fault));
  }
  if (!surplus.empty() && parsed.empty()) {
    return config::unknown_name("subcommand", surplus, subcommands_of(app));
  }
  if (!surplus.empty()) {
    return place + "unexpected argument '" + surplus + "'; see --help";
  }
  std::string message = error.what();
  std::replace(message.begin(), message.end(), '\n', ' ');
  return place + message;
}

}  // namespace diffbench::commands
