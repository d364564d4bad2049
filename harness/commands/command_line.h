#pragma once
// The words that started this program, as they were typed: what table `run` keeps as argv.
//
//   keep_command_line(argc, argv);                            // first thing in main: MPI may take words of its own
//   nlohmann::json(command_line()).dump()                     // ["diffbench","run","demo.toml","--set","seed=3"]
//
// Written once, before any thread starts.

#include <string>
#include <vector>

namespace diffbench::commands {

void keep_command_line(int argc, const char* const* argv);
const std::vector<std::string>& command_line();

}  // namespace diffbench::commands
