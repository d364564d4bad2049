// diffbench ab: two programs in one run, taking turns within each round.

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "harness/ab/alternate.h"
#include "harness/ab/child_program.h"
#include "harness/commands/commands.h"
#include "harness/commands/comparison_output.h"
#include "harness/commands/open_suite.h"
#include "harness/quality/metric_rows.h"
#include "harness/suite/suite.h"
#include "methods/config/input_error.h"
#include "methods/plugin/load_plugin.h"
#include "results/compare/run_choice.h"
#include "results/merge.h"
#include "results/store.h"

namespace diffbench::commands {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string other;
  std::string suite;
  std::string program;
  std::string database = "ab.db";
  double minutes = 5.0;
  bool fails_fast = false;
  int starts = ab::Stopping().starts;
  int ranks = 0;
  std::string launcher = ab::ChildOptions().launcher;
  std::string only;
  std::vector<std::string> set;
  std::vector<std::string> plugins;
  ComparisonOptions output;
};

// a program, or a build folder that holds one
std::string find_program(const std::string& words) {
  const fs::path path = fs::is_directory(words) ? fs::path(words) / "bin" / "diffbench" : fs::path(words);
  if (!fs::is_regular_file(path) || ::access(path.c_str(), X_OK) != 0) {
    throw config::InputError(words + ": neither a program nor a build folder with bin/diffbench in it");
  }
  return fs::absolute(path).string();
}

// Under a launcher (which started us as often as there are ranks) the first of us does the work and starts the ranks of
// either program itself; the others are done at once. MPI does not start here.
int from_launcher(std::initializer_list<const char*> variables, int otherwise) {
  for (const char* variable : variables) {
    if (const char* text = std::getenv(variable)) return std::atoi(text);
  }
  return otherwise;
}

// the two halves, beside the output until they are merged into it
struct Halves {
  explicit Halves(const std::string& database)
      : older(database + ".old-" + std::to_string(::getpid())),
        newer(database + ".new-" + std::to_string(::getpid())) {}
  ~Halves() {
    std::error_code none;
    for (const auto& file : {older, newer}) {
      fs::remove(file, none);
      fs::remove(file + "-journal", none);
    }
  }
  std::string older;
  std::string newer;
};

std::string uid_of(const std::string& database) {
  const auto choice = results::choose_run(database);
  return results::read_run(choice.store, choice.run).uid;
}

std::int64_t run_of_uid(const results::Store& store, const std::string& uid) {
  const auto found = store.find_run(uid);
  if (!found) throw std::runtime_error(store.name() + ": lost run " + uid);
  return *found;
}

int alternate(const Options& options) {
  if (from_launcher({"OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID"}, 0) != 0) return 0;
  const int ranks = options.ranks > 0 ? options.ranks : from_launcher({"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}, 1);
  auto gate = read_gate_options(options.output, quality::metric_row_names());
  for (const auto& plugin : options.plugins) methods::load_plugin(plugin, "--plugin");
  const auto suite = open_suite(options.suite, options.set);
  ab::ChildOptions child{.program = find_program(options.other),
                         .suite = find_suite(options.suite).string(),
                         .ranks = ranks,
                         .cores = suite.run.threads,
                         .launcher = options.launcher};
  if (!options.only.empty()) child.more.insert(child.more.end(), {"--only", options.only});
  for (const auto& assignment : options.set) child.more.insert(child.more.end(), {"--set", assignment});
  for (const auto& plugin : options.plugins) child.more.insert(child.more.end(), {"--plugin", plugin});
  const Halves halves(options.database);
  ab::Alternation done;
  {
    child.database = halves.older;
    ab::ChildProgram older(child);
    child.program =
        options.program.empty() ? fs::read_symlink("/proc/self/exe").string() : find_program(options.program);
    child.database = halves.newer;
    ab::ChildProgram newer(child);
    done = ab::alternate(
        older, newer, gate,
        {.max_seconds = 60 * options.minutes, .fails_fast = options.fails_fast, .starts = options.starts});
    older.wait();
    newer.wait();
  }
  spdlog::info("{} rounds of {} cells in {:.0f} s, both programs started {} times; {} decided before the time was up",
               done.rounds, done.cells, done.seconds, done.starts, done.decided);
  const std::string old_uid = uid_of(halves.older);
  const std::string new_uid = uid_of(halves.newer);
  results::merge_files({halves.older, halves.newer}, options.database);
  auto store = results::Store::open_or_create(options.database);
  const auto old_run = run_of_uid(store, old_uid);
  const auto new_run = run_of_uid(store, new_uid);
  store.put_pairing(old_run, new_run);
  const auto older = results::read_run(store, old_run);
  const auto newer = results::read_run(store, new_run);
  const auto comparison = results::compare_runs(older, newer, gate, true);
  return put_out({comparison, older, newer}, options.output);
}

}  // namespace

void add_ab(Command program, int& exit_code) {
  const Command command =
      program.add_subcommand("ab", "two programs in one run, taking turns: the fair comparison on a noisy machine");
  auto options = std::make_shared<Options>();
  command.add_option("other", options->other, "the old program, or a build folder that holds one").required();
  command.add_option("suite", options->suite, "TOML file, or the name of a shipped suite; its timing alone is run")
      .required();
  command.add_option("--new", options->program, "the new program or its build folder; default: this program");
  command.add_option("--db", options->database, "SQLite file that receives both runs").capture_default_str();
  command.add_option("--minutes", options->minutes, "the most that it may take after both have begun")
      .capture_default_str()
      .positive();
  command.add_option("--starts", options->starts, "processes of either program, one after the other, within --minutes")
      .capture_default_str()
      .at_least(1);
  command.add_flag("--fail-fast", options->fails_fast,
                   "end at the first certain regression, before the rest is decided");
  command.add_option("--ranks", options->ranks, "ranks of either program; default: as many as a launcher started");
  command.add_option("--launcher", options->launcher, "words before a program of more than one rank")
      .capture_default_str();
  command.add_option("--only", options->only, "regular expression: only cells whose key matches, and their baselines");
  command.add_option("--set", options->set, "key=value over the suite's; repeatable");
  command.add_option("--plugin", options->plugins, "shared object with methods, for both programs; repeatable");
  add_comparison_options(command, options->output);
  command.footer(
      "Exit codes as of `compare`. Example: diffbench ab ../main/build/release/bin/diffbench smoke --minutes 5");
  command.callback([options, &exit_code] { exit_code = alternate(*options); });
}

}  // namespace diffbench::commands
