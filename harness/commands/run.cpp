#include <ATen/Parallel.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <filesystem>
#include <iostream>

#include "harness/ab/turns.h"
#include "harness/commands/command_line.h"
#include "harness/commands/commands.h"
#include "harness/commands/dry_run.h"
#include "harness/commands/open_suite.h"
#include "harness/commands/result_table.h"
#include "harness/measure/cell_runner.h"
#include "harness/measure/check.h"
#include "harness/measure/judge.h"
#include "harness/measure/preparation.h"
#include "harness/measure/profile.h"
#include "harness/measure/profile_overhead.h"
#include "harness/measure/rank_device.h"
#include "harness/measure/rounds.h"
#include "harness/measure/stop_signals.h"
#include "harness/ranks/patience.h"
#include "methods/config/input_error.h"
#include "methods/config/paths.h"
#include "profiling/nvtx.h"
#include "profiling/recorder.h"
#include "results/summary.h"

namespace diffbench::commands {
namespace {

struct Options {
  std::string suite;
  std::string database = "results.db";
  bool resume = false;
  std::optional<double> patience_s;
  std::string part;
  std::string only;
  std::vector<std::string> set;
  bool json = false;
  bool dry_run = false;
  bool profile = false;
  bool profile_shapes = false;
  bool profile_overhead = false;
  std::string turns;
};

// scopes as NVTX ranges, where a tool such as Nsight Systems watches this process
class ToolRanges {
 public:
  ToolRanges() : heard_(profiling::nvtx_sink() != nullptr) {
    if (heard_) {
      profiling::start_recording({.mode = profiling::Mode::kNvtx});
    }
  }
  ~ToolRanges() {
    if (heard_) {
      profiling::stop_recording();
    }
  }
  ToolRanges(const ToolRanges&) = delete;
  ToolRanges& operator=(const ToolRanges&) = delete;

 private:
  bool heard_;
};

std::vector<suite::Cell> choose_cells(const suite::Suite& suite, const std::string& only, bool talk) {
  auto cells = suite::plan(suite);
  if (only.empty()) {
    return cells;
  }
  auto selection = suite::only(cells, only);
  if (talk && !selection.kept_baselines.empty()) {
    spdlog::info("--only: {} baseline cells are kept to compare with", selection.kept_baselines.size());
  }
  return std::move(selection.cells);
}

// "3/8" as part 3 of 8. Times are measured by the first part alone: a ratio of two machines' times would mislead.
results::PartRow part_of(const Options& options, const suite::Suite& suite) {
  results::PartRow part;
  if (options.part.empty()) return part;
  char rest = 0;
  const bool is_read = std::sscanf(options.part.c_str(), "%d/%d%c", &part.part, &part.part_count, &rest) == 2;
  if (!is_read || part.part < 1 || part.part > part.part_count) {
    throw config::InputError("--part: " + options.part + ": wanted is I/N with 1 <= I <= N, as in 3/8");
  }
  if (part.part_count > 1 && suite.quality.samples == 0) {
    throw config::InputError("--part: " + suite.name +
                             " judges no quality ([quality] samples = 0), and times are "
                             "measured in one place: nothing to share out");
  }
  if (part.part > 1 && (options.profile || options.profile_shapes || options.profile_overhead)) {
    throw config::InputError("--part: " + options.part +
                             " measures no times, and no profile: give --profile to part 1");
  }
  return part;
}

void print_results(const Options& options, const results::Store& store, int64_t run, const results::PartRow& part) {
  const auto summaries = results::summarize(store, run);
  if (options.json) {
    std::cout << result_json(summaries, run, options.database) << "\n";
    return;
  }
  if (part.part > 1) {
    spdlog::info("part {} of {} is in {}; when all are there: diffbench merge PART.db ... -o results.db", part.part,
                 part.part_count, options.database);
    return;
  }
  std::cout << result_table(summaries) << rank_lines(summaries) << overhead_lines(summaries);
  spdlog::info("run {0} is in {1}; to see it: diffbench report {1} -o report/", run, options.database);
}

int run(const Options& options) {
  const ranks::Communicator world;
  if (options.patience_s) ranks::set_patience(*options.patience_s);
  if (options.resume && !std::filesystem::exists(options.database)) {
    throw config::InputError("--resume: " + options.database + ": no such database");
  }
  suite::Suite suite;
  std::vector<suite::Cell> cells;
  std::optional<measure::QualityTools> tools;
  std::string device;
  results::PartRow part;
  world.together([&] {
    suite = open_suite(options.suite, options.set);
    part = part_of(options, suite);
    cells = choose_cells(suite, options.only, world.rank() == 0);
    device = measure::device_of_rank(suite.run.device, world);
    at::set_num_threads(suite.run.threads);
    if (auto loaded = measure::load_quality_tools(suite, resolve_compute(device, "fp32").device)) {
      tools.emplace(std::move(*loaded));
    }
  });
  if (options.dry_run) {
    return dry_run(world, {suite, cells, device, options.json});
  }
  const auto identity = nlohmann::json{{"suite", suite::identity(suite)}, {"only", options.only}}.dump();
  measure::ModelCache models(device);
  const measure::SteadyClock clock;
  measure::Session session(
      world, suite, cells,
      [&](const suite::Cell& cell) { return std::make_unique<measure::CellRunner>(cell, suite, models); }, clock);
  session.open({.database = options.database,
                .command_line = command_line(),
                .identity = identity,
                .quality_files = tools ? tools->files() : std::vector<results::ArtifactRow>{},
                .resume = options.resume,
                .part = part,
                .check = [&](const measure::Session& opened) {
                  if (tools) tools->try_out(opened);
                }});
  if (!options.turns.empty()) {
    ab::take_turns(session, options.turns);
    return 0;
  }
  const measure::StopSignals signals;
  {
    const ToolRanges ranges;
    measure::prepare_cells(session);
    measure::check_cells(session);
    if (part.part == 1) measure::time_cells(session);
    measure::judge_cells(session, tools);
  }
  if (options.profile || options.profile_shapes) {
    measure::profile_cells(session, {.with_shapes = options.profile_shapes});
  }
  if (options.profile_overhead) {
    measure::measure_profile_overhead(session);
  }
  measure::keep_as_asked(session);
  const bool ok = session.finish();
  if (const auto* store = session.writer.store()) {
    print_results(options, *store, session.run_id, part);
  }
  return ok ? 0 : 1;
}

}  // namespace

void add_run(Command program, int& exit_code) {
  const Command command = program.add_subcommand("run", "measures a suite: speed, cost and quality of every cell");
  auto options = std::make_shared<Options>();
  command.add_option("suite", options->suite, "TOML file, or the name of a shipped suite").required();
  command.add_option("--db", options->database, "SQLite file that receives the results").capture_default_str();
  const Option resume = command.add_flag("--resume", options->resume, "finish the latest unfinished run of this suite");
  command
      .add_option("--patience", options->patience_s,
                  "seconds without a word from a rank after which the run ends and names it; default: ten minutes, or "
                  "twenty times the longest wait so far")
      .positive();
  command.add_option("--part", options->part,
                     "I/N: this machine's share of the quality samples (and, of part 1, all times); diffbench merge "
                     "puts the N files together");
  command
      .add_flag("--dry-run", options->dry_run,
                "check everything, print the cells with blocks, FLOPs, memory and estimated time, and stop")
      .excludes(resume);
  command.add_option("--only", options->only, "regular expression: only cells whose key matches, and their baselines");
  command.add_option("--set", options->set, "key=value over the suite's, e.g. timing.max_rounds=5; repeatable");
  command.add_flag("--profile", options->profile,
                   "afterwards, every cell again with scopes and CPU operators or GPU kernels recorded");
  command.add_flag("--profile-shapes", options->profile_shapes,
                   "the same with shapes, FLOPs and bytes of CPU operators, for kernel rates and the roofline");
  command.add_flag("--profile-overhead", options->profile_overhead,
                   "afterwards, what recording costs: off, NVTX, activities and everything, interleaved");
  command.add_option("--turns", options->turns, "socket of `diffbench ab`, which says what to do next").hidden();
  add_plugin_option(command);
  command.add_flag("--json", options->json, "one JSON document on stdout");
  command.footer("Example: mpirun -n 2 diffbench run harness/suites/demo.toml --db results.db");
  command.callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace diffbench::commands
