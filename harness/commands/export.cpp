// diffbench export: a profile or the summary of a results file, in the format of another tool.

#include "results/export/export.h"

#include <spdlog/spdlog.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "harness/commands/commands.h"
#include "methods/config/input_error.h"
#include "methods/config/nearest.h"

namespace diffbench::commands {
namespace {

struct Options {
  std::string format;
  std::string database;
  std::string output;
  results::ExportOptions what;
  bool json = false;
};

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
  const auto result = results::export_run(store, format, options.what, options.output);
  if (options.json) {
    const nlohmann::json document = {{"database", options.database}, {"format", options.format},
                                     {"output", options.output},     {"run", result.run},
                                     {"ranks", result.ranks},        {"rows", result.row_count}};
    std::cout << document.dump(2) << "\n";
  } else {
    spdlog::info("{}: {} rows of run {}", options.output, result.row_count, result.run);
  }
}

}  // namespace

void add_export(CLI::App& app, int& /*exit_code*/) {
  auto* command = app.add_subcommand("export", "writes a profile or the summary in the format of another tool");
  auto options = std::make_shared<Options>();
  command->add_option("format", options->format, format_list())->required();
  command->add_option("database", options->database, "results file of `diffbench run`")->required();
  command->add_option("--run", options->what.run, "number of the run; default: the newest with a profile");
  command->add_option("--rank", options->what.rank, "default: all ranks in one file; for nsys rank 0");
  command->add_option("-o,--output", options->output, "file to write; one that is there is replaced")->required();
  command->add_flag("--json", options->json, "one JSON document on stdout: what was written");
  command->footer("Example: diffbench export perfetto results.db -o trace.pftrace  (open it at ui.perfetto.dev)");
  command->callback([options] { export_to_file(*options); });
}

}  // namespace diffbench::commands
