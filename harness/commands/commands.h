#pragma once
// The subcommands of the program, one file each. Each function adds its subcommand to `program`; the work is done in
// the subcommand's callback, which sets `exit_code` (0 unless it says otherwise: 1 = the thing asked about failed).
// Callbacks throw: config::InputError for what the user got wrong (exit 2), anything else for internal errors (exit 3).
//
//   CLI::App app;
//   int exit_code = 0;
//   add_list(Command(app), exit_code);
//   app.parse(argc, argv);
//
// `exit_code` must live as long as `app`. stdout belongs to the answer: with --json it carries one JSON document and
// nothing else; messages and progress go to stderr (spdlog).

#include "harness/commands/command.h"

namespace diffbench::commands {

void add_run(Command program, int& exit_code);
void add_list(Command program, int& exit_code);
void add_sample(Command program, int& exit_code);
void add_eval(Command program, int& exit_code);
void add_train(Command program, int& exit_code);
void add_calibrate(Command program, int& exit_code);
void add_fid(Command program, int& exit_code);
void add_fid_statistics(Command program, int& exit_code);
void add_judge(Command program, int& exit_code);
void add_report(Command program, int& exit_code);
void add_export(Command program, int& exit_code);
void add_compare(Command program, int& exit_code);
void add_ab(Command program, int& exit_code);
void add_merge(Command program, int& exit_code);
void add_predict(Command program, int& exit_code);
void add_selfcheck(Command program, int& exit_code);

}  // namespace diffbench::commands
