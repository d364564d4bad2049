#pragma once
// How this program was built.
//
//   std::cout << version_line();   // "diffbench 0.1.0 (3f2a91c0d5e1, Release, GNU 12.2.0, torch 2.11.0)"

#include <string>

namespace diffbench::environment {

struct BuildInfo {
  std::string version;  // of diffbench
  std::string git_sha;  // "" if unknown
  bool git_dirty = false;
  std::string compiler;        // "GNU 12.2.0"
  std::string compiler_flags;  // of C++ files
  std::string build_type;
  std::string torch_version;
};

BuildInfo build_info();

std::string version_line();

}  // namespace diffbench::environment
