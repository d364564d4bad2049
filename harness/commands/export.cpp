// diffbench export: a profile or the summary of a results file, in the format of another tool.

#include "results/export/export.h"

#include <spdlog/spdlog.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>

#include "harness/commands/commands.h"
#include "harness/suite/pattern.h"
#include "methods/config/input_error.h"
#include "methods/config/nearest.h"

namespace diffbench::commands {
namespace {

struct Options {
  std::string format;
  std::string database;
  std::string output;
  results::ExportOptions what;
  std::optional<std::string> only;
  std::optional<std::string> steps;
  bool json = false;
};

// of about 190 bytes; Perfetto's page holds 2 GB and needs 2 to 4 times the size of a trace
constexpr std::int64_t kBrowserLimitRows = 3'000'000;

results::StepRange read_steps(const std::string& text) {
  static const std::regex kForm("([0-9]{1,9})(-([0-9]{1,9}))?");
  std::smatch parts;
  if (!std::regex_match(text, parts, kForm)) {
    throw config::InputError("--steps " + text + ": expected a step or a range of them, as in 3 or 3-7");
  }
  const results::StepRange range{.first = std::stoll(parts[1]),
                                 .last = std::stoll(parts[3].matched ? parts[3] : parts[1])};
  if (range.last < range.first) {
    throw config::InputError("--steps " + text + ": ends before it begins");
  }
  return range;
}

std::string format_list() {
  std::string list;
  for (const auto& format : results::export_formats()) {
    list += (list.empty() ? "" : "; ") + std::string(format.name) + ": " + std::string(format.summary);
  }
  return list;
}

const results::ExportFormat& find_format(const std::string& name) {
  if (const auto* format = results::find_export_format(name)) {
    return *format;
  }
  std::vector<std::string> names;
  for (const auto& format : results::export_formats()) {
    names.emplace_back(format.name);
  }
  throw config::InputError("export: " + config::unknown_name("format", name, names));
}

void export_to_file(const Options& options) {
  const auto& format = find_format(options.format);
  const auto store = results::Store::open_read_only(options.database);
  auto what = options.what;
  if (options.only) {
    const auto pattern = std::make_shared<suite::Pattern>(*options.only);
    what.wants_cell = [pattern](const std::string& key) { return pattern->matches(key); };
  }
  if (options.steps) {
    what.steps = read_steps(*options.steps);
  }
  const auto result = results::export_run(store, format, what, options.output);
  if (options.json) {
    const nlohmann::json document = {{"database", options.database}, {"format", options.format},
                                     {"output", options.output},     {"run", result.run},
                                     {"ranks", result.ranks},        {"rows", result.row_count}};
    std::cout << document.dump(2) << "\n";
  } else {
    spdlog::info("{}: {} rows of run {}", options.output, result.row_count, result.run);
  }
  if (format.is_trace && result.row_count > kBrowserLimitRows) {
    spdlog::warn("{}: too large for a browser; cut it with --only and --steps", options.output);
  }
}

}  // namespace

void add_export(Command program, int& /*exit_code*/) {
  const Command command =
      program.add_subcommand("export", "writes a profile or the summary in the format of another tool");
  auto options = std::make_shared<Options>();
  command.add_option("format", options->format, format_list()).required();
  command.add_option("database", options->database, "results file of `diffbench run`").required();
  command.add_option("--run", options->what.run, "number of the run; default: the newest with a profile");
  command.add_option("--rank", options->what.rank, "default: all ranks in one file; for nsys rank 0");
  command.add_option("--only", options->only, "regular expression: only cells whose key matches (chrome, perfetto)");
  command.add_option("--steps", options->steps,
                     "only these steps of a trajectory, from 0, e.g. 3-7 (chrome, perfetto)");
  command
      .add_option("-o,--output", options->output,
                  "file to write; one that is there is replaced; chrome and perfetto: compressed if it ends in .gz")
      .required();
  command.add_flag("--json", options->json, "one JSON document on stdout: what was written");
  command.footer("Example: diffbench export perfetto results.db -o trace.pftrace  (open it at ui.perfetto.dev)");
  command.callback([options] { export_to_file(*options); });
}

}  // namespace diffbench::commands
