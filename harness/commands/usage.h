#pragma once
// What is wrong with a command line, in one line that names the nearest valid flag or subcommand.
//
//   try { app.parse(argc, argv); }
//   catch (const CLI::ParseError& error) { std::cerr << describe(app, error); }
//
//   -> "run: unknown flag '--resum'; did you mean '--resume'? (valid: --db --resume ...)"

#include <CLI/CLI.hpp>
#include <string>

namespace diffbench::commands {

// `app` is the one whose parse threw `error`
std::string describe(const CLI::App& app, const CLI::ParseError& error);

}  // namespace diffbench::commands
