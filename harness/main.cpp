// diffbench: one line per subcommand; every error becomes one line on stderr and an exit code here and nowhere else.

#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstring>
#include <iostream>
#include <optional>

#include "harness/commands/command_line.h"
#include "harness/commands/commands.h"
#include "harness/commands/usage.h"
#include "harness/environment/build_info.h"
#include "harness/ranks/communicator.h"
#include "harness/ranks/mpi_session.h"
#include "harness/ranks/patience.h"
#include "methods/config/input_error.h"
#include "methods/model/freed_memory.h"
#include "results/database_error.h"

namespace diffbench {
namespace {

constexpr int kFailed = 1;
constexpr int kInputError = 2;
constexpr int kInternalError = 3;

struct Subcommand {
  const char* name;
  void (*add)(commands::Command, int&);
  bool uses_ranks;   // starts MPI when launched under mpirun or srun
  const char* page;  // that says more, from the project's folder or share/diffbench of an installation
};

constexpr Subcommand kSubcommands[] = {
    {"run", commands::add_run, true, "harness/suites/README.md"},
    {"list", commands::add_list, false, "docs/README.md"},
    {"sample", commands::add_sample, false, "docs/formats.md"},
    {"eval", commands::add_eval, false, "docs/formats.md"},
    {"train", commands::add_train, false, "methods/training/README.md"},
    {"fid", commands::add_fid, false, "docs/formats.md"},
    {"fid-statistics", commands::add_fid_statistics, false, "docs/data_files.md"},
    {"judge", commands::add_judge, false, "harness/quality/README.md"},
    {"report", commands::add_report, false, "dashboards/README.md"},
    {"calibrate", commands::add_calibrate, false, "methods/risk_controlled/README.md"},
    {"export", commands::add_export, false, "results/README.md"},
    {"compare", commands::add_compare, false, "harness/compare/README.md"},
    {"ab", commands::add_ab, false, "harness/compare/README.md"},
    {"merge", commands::add_merge, false, "results/README.md"},
    {"predict", commands::add_predict, false, "harness/predict/README.md"},
    {"selfcheck", commands::add_selfcheck, true, "harness/compare/README.md"},
};

void set_up_log() {
  auto sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>(
      ranks::is_terminal(STDERR_FILENO) ? spdlog::color_mode::always : spdlog::color_mode::never);
  auto logger = std::make_shared<spdlog::logger>("diffbench", sink);
  logger->set_pattern("%^%l%$: %v");
  spdlog::set_default_logger(logger);
}

bool uses_ranks(const char* subcommand) {
  for (const auto& entry : kSubcommands) {
    if (subcommand != nullptr && std::strcmp(entry.name, subcommand) == 0) {
      return entry.uses_ranks;
    }
  }
  return false;
}

int dispatch(int argc, char** argv) {
  CLI::App app("Measures what accelerated diffusion sampling gives on this machine: speed, cost and image quality.",
               "diffbench");
  app.set_version_flag("--version", environment::version_line());
  app.footer("Example: diffbench run harness/suites/smoke.toml --db results.db");
  app.require_subcommand(0, 1);
  int exit_code = 0;
  for (const auto& subcommand : kSubcommands) {
    subcommand.add(app, exit_code);
    CLI::App* command = app.get_subcommand(subcommand.name);
    command->add_flag_callback(
        "-q,--quiet", [] { spdlog::set_level(spdlog::level::warn); }, "no progress, no remarks: results and warnings");
    command->footer(command->get_footer() + "\nPage: " + subcommand.page);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    return app.exit(help_or_version);
  } catch (const CLI::ParseError& error) {
    throw ranks::AgreedError(
        {.kind = ranks::FailureKind::kInput, .message = commands::describe(app, error)});  // all ranks see it
  }
  if (app.get_subcommands().empty()) {
    std::cerr << app.help();
    return kInputError;
  }
  return exit_code;
}

// prints, and returns the exit code
int fail(std::string message, int exit_code) {
  if (exit_code == kInputError) {  // one line; the text of an internal error may need its own
    std::replace(message.begin(), message.end(), '\n', ' ');
  }
  std::cout.flush();
  std::cerr << ("diffbench: " + message + "\n") << std::flush;
  return exit_code;
}

// an error on this rank alone: says which, and ends the others, which may wait for this one in a collective
int fail_alone(const ranks::MpiSession* session, const std::string& message, int exit_code) {
  if (session == nullptr) {
    return fail(message, exit_code);
  }
  const ranks::Communicator world;
  fail(world.size() > 1 ? "rank " + std::to_string(world.rank()) + ": " + message : message, exit_code);
  session->abort(exit_code);
  return exit_code;
}

int exit_code_of(ranks::FailureKind kind) {
  switch (kind) {
    case ranks::FailureKind::kInput:
      return kInputError;
    case ranks::FailureKind::kStopped:
      return kFailed;
    default:
      return kInternalError;
  }
}

int run_program(int argc, char** argv, const ranks::MpiSession* session) {
  try {
    return dispatch(argc, argv);
  } catch (const ranks::AgreedError& error) {
    const int exit_code = exit_code_of(error.failure.kind);
    const int rank = error.failure.rank;
    const std::string prefix = rank > 0 ? "rank " + std::to_string(rank) + ": " : "";
    return ranks::Communicator().rank() == 0 ? fail(prefix + error.what(), exit_code) : exit_code;
  } catch (const ranks::RankSilent& error) {
    return fail_alone(session, error.what(), kFailed);
  } catch (const config::InputError& error) {
    return fail_alone(session, error.what(), kInputError);
  } catch (const results::DatabaseError& error) {
    return fail_alone(session, error.what(), kInputError);
  } catch (const std::exception& error) {
    return fail_alone(session, std::string("internal error: ") + error.what(), kInternalError);
  }
}

}  // namespace
}  // namespace diffbench

int main(int argc, char** argv) {
  diffbench::commands::keep_command_line(argc, argv);
  diffbench::keep_freed_memory();
  diffbench::set_up_log();
  std::optional<diffbench::ranks::MpiSession> session;
  if (argc > 1 && diffbench::uses_ranks(argv[1])) {
    session.emplace(argc, argv);
  }
  return diffbench::run_program(argc, argv, session ? &*session : nullptr);
}
