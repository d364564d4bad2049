#pragma once
// The subcommands of the program, one file each. Each function adds its subcommand to `app`; the work is done in the
// subcommand's callback, which sets `exit_code` (0 unless it says otherwise: 1 = the thing asked about failed).
// Callbacks throw: config::InputError for what the user got wrong (exit 2), anything else for internal errors (exit 3).
//
//   CLI::App app;
//   int exit_code = 0;
//   add_list(app, exit_code);
//   app.parse(argc, argv);
//
// `exit_code` must live as long as `app`. stdout belongs to the answer: with --json it carries one JSON document and
// nothing else; messages and progress go to stderr (spdlog).

#include <CLI/CLI.hpp>

namespace diffbench::commands {

void add_run(CLI::App& app, int& exit_code);
void add_list(CLI::App& app, int& exit_code);
void add_sample(CLI::App& app, int& exit_code);
void add_eval(CLI::App& app, int& exit_code);
void add_train(CLI::App& app, int& exit_code);
void add_calibrate(CLI::App& app, int& exit_code);
void add_fid(CLI::App& app, int& exit_code);
void add_fid_statistics(CLI::App& app, int& exit_code);
void add_judge(CLI::App& app, int& exit_code);
void add_report(CLI::App& app, int& exit_code);
void add_export(CLI::App& app, int& exit_code);
void add_compare(CLI::App& app, int& exit_code);
void add_ab(CLI::App& app, int& exit_code);
void add_merge(CLI::App& app, int& exit_code);
void add_selfcheck(CLI::App& app, int& exit_code);

}  // namespace diffbench::commands
