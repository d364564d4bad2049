#pragma once
// The file of a suite that is named on the command line.
//
//   const auto file = find_suite("smoke");       // a path, or the name of a shipped suite

#include <filesystem>
#include <string>

#include "methods/config/paths.h"

namespace diffbench::commands {

// A shipped suite may have the name of a folder (methods).
inline std::filesystem::path find_suite(const std::string& name) {
  const auto shipped = config::home() / "harness" / "suites" / (name + ".toml");
  return !std::filesystem::is_regular_file(name) && std::filesystem::exists(shipped) ? shipped
                                                                                     : std::filesystem::path(name);
}

}  // namespace diffbench::commands
