#include "harness/commands/command_line.h"

namespace diffbench::commands {
namespace {

std::vector<std::string>& words() {
  static std::vector<std::string> kept;
  return kept;
}

}  // namespace

void keep_command_line(int argc, const char* const* argv) { words().assign(argv, argv + argc); }

const std::vector<std::string>& command_line() { return words(); }

}  // namespace diffbench::commands
