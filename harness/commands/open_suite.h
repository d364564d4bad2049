#pragma once
// The suite that is named on the command line, with its plugins loaded and every name in it checked; and the flag that
// loads plugins for any command.
//
//   add_plugin_option(command);
//   const suite::Suite suite = open_suite("smoke", {"timing.max_rounds=5"});       // a path, or the name of a shipped
//   suite

#include <filesystem>
#include <string>
#include <vector>

#include "harness/commands/command.h"
#include "harness/suite/suite.h"

namespace diffbench::commands {

// A shipped suite may have the name of a folder (methods).
std::filesystem::path find_suite(const std::string& name);

suite::Suite open_suite(const std::string& name, const std::vector<std::string>& overrides);

// --plugin F.so, repeatable: loaded while the command line is read
void add_plugin_option(Command command);

}  // namespace diffbench::commands
